/**
 * A release of a version that is already built, start to settled, without the configured bake; with users on it.
 *
 *   npm run build && node dist/bench/release.js [--runs 8] [--seed 1]
 *
 * The two versions take turns, so after the first two releases each is in the cache and is staged in the slot that the other
 * one left. Exit code 1: the target was missed.
 */
import { parseArgs } from "node:util";
import type { ReleaseReport } from "../automation";
import { startLoad } from "../demo/load";
import { openDefault } from "./product/environment";
import { conclude, machine, median, say } from "./product/numbers";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "8" }, seed: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const team = "realtime-collaboration";
const bakeMs = 1_000;
const load = { requestsPerSecond: 150, webSockets: 0 };

async function main(): Promise<void> {
  say(`node dist/bench/release.js --runs ${runs} --seed ${seed}`);
  say(`${machine()}; load: ${load.requestsPerSecond} requests/s; configured bake: ${bakeMs} ms, taken off`);
  const bench = await openDefault({ bake: `${bakeMs}ms` });
  try {
    for (const ref of ["feature/realtime-v1", "feature/realtime-v2"]) await bench.release(team, ref);
    await bench.release("ai-workflow", "feature/ai-workflow-v1");
    const users = await startLoad({ entryUrl: bench.url, slotHeader: bench.slotHeader, seed, ...load });
    const times: number[] = [];
    const reports: ReleaseReport[] = [];
    for (let i = 0; i < runs; i++) {
      const began = performance.now();
      reports.push(await bench.release(team, `feature/realtime-v${1 + (i % 2)}`));
      times.push(performance.now() - began - bakeMs);
    }
    const { answers } = await users.stop();
    print(times, reports);
    const failed = answers.filter(({ failure, status }) => failure !== null || status >= 500).length;
    conclude([
      { name: "release without its bake, median", measured: median(times), unit: "ms", under: 3_000 },
      { name: "release without its bake, slowest", measured: Math.max(...times), unit: "ms", under: 3_000 },
      { name: `failed requests of ${answers.length}`, measured: failed, unit: "", under: 1 },
    ]);
  } finally {
    await bench.close();
  }
}

function print(times: number[], reports: ReleaseReport[]): void {
  const names = [...new Set(reports.flatMap(({ phases }) => phases.map(({ name }) => name)))];
  const spent = (name: string) =>
    reports.map(({ phases }) => phases.filter((phase) => phase.name === name).reduce((sum, { ms }) => sum + ms, 0));
  say("| phase | median ms | slowest ms |\n|---|---|---|");
  for (const name of names) {
    const sample = spent(name);
    say(
      `| ${name}${name === "bake" ? " (configured bake included)" : ""} | ${median(sample)} | ${Math.max(...sample)} |`,
    );
  }
  say(`| all without the configured bake | ${median(times).toFixed(0)} | ${Math.max(...times).toFixed(0)} |`);
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
