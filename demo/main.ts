/** `npm run demo` */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { exitCodes, SwitchyardError } from "../config/errors";
import { type Kept, playDemo } from "./demo";
import { help, parseOptions } from "./options";
import { environment } from "./place";
import { renderPage, renderPicture } from "./report";
import { summarise } from "./summary";
import { say } from "./terminal";

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    say(help);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort());
  try {
    const { report, kept } = await playDemo(options, interrupted.signal);
    summarise(report);
    await writeFile("demo-report.json", `${JSON.stringify(report, null, 2)}\n`);
    await writeFile("demo-report.html", renderPage(report));
    if (options.picture !== undefined) {
      await mkdir(path.dirname(options.picture), { recursive: true });
      await writeFile(options.picture, `${renderPicture(report)}\n`);
    }
    const files = ["demo-report.json", "demo-report.html", ...(options.picture ? [options.picture] : [])];
    say(`Written: ${files.join(", ")}`);
    if (kept) tellHowToStop(kept);
    return report.passed ? 0 : 1;
  } catch (thrown) {
    if (interrupted.signal.aborted) return exitCodes.interrupted;
    throw thrown;
  }
}

function tellHowToStop({ dir, url }: Kept): void {
  say(`\nThe environment goes on at ${url}, without load.`);
  say(`  npx switchyard status ${environment} --project ${dir}`);
  say("and to end it:");
  say(`  npx switchyard down ${environment} --delete-data --yes --project ${dir} && rm -r ${dir}`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (thrown: unknown) => {
    const known = thrown instanceof SwitchyardError;
    console.error(known ? thrown.message : thrown);
    process.exitCode = known && thrown.code === "usage" ? exitCodes.usage : 1;
  },
);
