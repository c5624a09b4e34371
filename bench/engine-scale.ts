/**
 * `stack.up` of many resources from nothing, on the embedded engine and, where `pulumi` is on PATH, on the real CLI in the same
 * run: time and, of the embedded engine, bytes of state written. The time must grow with the number of resources, not with its
 * square. The bytes are shown: what is begun is on disk before its provider is called, the file holds all of the state, and as
 * many resources as are created at once share a write, so that they do grow with the square.
 *
 *   npm run build && node dist/bench/engine-scale.js [--resources 250,500,1000]
 *
 * There is no randomness in it, so there is no seed. Exit code 1: a target was missed.
 */
import { spawnSync } from "node:child_process";
import fs, { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PulumiCommand } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../engine";
import { attachProvider, BenchProvider, createStack, independent, type StackOptions } from "./engine/stack";
import { conclude, machine, say } from "./product/numbers";

const { values } = parseArgs({ options: { resources: { type: "string", default: "250,500,1000" } } });
const sizes = values.resources.split(",").map(Number);
/** How much more the largest may cost for each resource than the smallest. */
const growth = 1.5;

interface Row {
  resources: number;
  ms: number;
  cliMs: number | undefined;
  megabytes: number;
}

async function main(): Promise<void> {
  const real = spawnSync("pulumi", ["version"], { encoding: "utf8" });
  const cli = real.status === 0 ? `real CLI ${real.stdout.trim()}` : undefined;
  say(`node dist/bench/engine-scale.js --resources ${sizes.join(",")}   (nothing random, so no seed)`);
  say(`${machine()}; ${cli ?? "the real CLI is LEFT OUT: `pulumi` is not on PATH, so nothing is compared"}`);
  const folder = mkdtempSync(join(tmpdir(), "bench-scale-"));
  const provider = new BenchProvider();
  const command = cli === undefined ? undefined : await PulumiCommand.get({ skipVersionCheck: true });
  const providerPort = cli === undefined ? undefined : await attachProvider(provider);
  const embedded = embeddedEngine({ providers: { bench: provider } });
  const written = bytesWritten(join(folder, "embedded"));
  try {
    // the first one warms the just-in-time compiler
    await upFrom({ folder: join(folder, "warm"), pulumiCommand: embedded, providerPort: undefined }, sizes[0] ?? 1);
    const rows: Row[] = [];
    for (const resources of sizes) {
      const before = written();
      const own = {
        folder: join(folder, "embedded", `${resources}`),
        pulumiCommand: embedded,
        providerPort: undefined,
      };
      const ms = await upFrom(own, resources);
      const megabytes = (written() - before) / 1e6;
      const other = command && { folder: join(folder, `cli-${resources}`), pulumiCommand: command, providerPort };
      rows.push({ resources, ms, megabytes, cliMs: other && (await upFrom(other, resources)) });
    }
    report(rows);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function upFrom(where: Omit<StackOptions, "program">, resources: number): Promise<number> {
  const stack = await createStack({ ...where, program: independent(resources) });
  const began = performance.now();
  const { summary } = await stack.up();
  const ms = performance.now() - began;
  // the stack itself is one more
  if (summary.resourceChanges?.create !== resources + 1) throw new Error("not everything was created");
  return ms;
}

/** All that this process has written to files below a folder, from now on; `writeFileSync` goes through these two as well. */
function bytesWritten(folder: string): () => number {
  let bytes = 0;
  const names = new Map<number, string>();
  const { openSync, writeSync } = fs;
  fs.openSync = (...call: Parameters<typeof openSync>) => {
    const descriptor = openSync(...call);
    names.set(descriptor, String(call[0]));
    return descriptor;
  };
  fs.writeSync = ((...call: Parameters<typeof writeSync>) => {
    const written = writeSync(...call);
    if (names.get(call[0])?.startsWith(folder)) bytes += written;
    return written;
  }) as typeof writeSync;
  return () => bytes;
}

function report(rows: Row[]): void {
  say(
    "| resources | embedded, ms | for each | real CLI, ms | state written, MB | for each, kB |\n|---|---|---|---|---|---|",
  );
  for (const { resources, ms, cliMs, megabytes } of rows) {
    const each = [(ms / resources).toFixed(2), cliMs?.toFixed(0) ?? "", megabytes.toFixed(1)];
    say(`| ${resources} | ${ms.toFixed(0)} | ${each.join(" | ")} | ${((megabytes * 1e3) / resources).toFixed(1)} |`);
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return;
  const measured = last.ms / last.resources / (first.ms / first.resources);
  conclude([{ name: "growth of the time for each resource", measured, unit: "times", under: growth }]);
}

main().then(
  // The provider's server has no handle to close it by.
  () => process.exit(),
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
    process.exit(1);
  },
);
