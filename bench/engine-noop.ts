/**
 * A warm `stack.up` with nothing to do, on the embedded engine and, where `pulumi` is on PATH, on the real CLI in the same
 * run, turn by turn.
 *
 *   npm run build && node dist/bench/engine-noop.js [--resources 2,13,50] [--rounds 15]
 *
 * There is no randomness in it, so there is no seed. Exit code 1: a target was missed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { type PulumiCommand as Command, embeddedEngine } from "../engine";
import { attachProvider, BenchProvider, createStack, independent } from "./engine/stack";
import { conclude, machine, median, quantile, say } from "./product/numbers";

const { values } = parseArgs({
  options: { resources: { type: "string", default: "2,13,50" }, rounds: { type: "string", default: "15" } },
});
const sizes = values.resources.split(",").map(Number);
const rounds = Number(values.rounds);
/** What is promised, by number of resources: times faster than the real CLI. */
const promised: Record<number, number> = { 2: 20, 50: 10 };
/** For the just-in-time compiler and the file cache, as in a driver that has run for a while. */
const warmUps = 10;

async function main(): Promise<void> {
  const real = spawnSync("pulumi", ["version"], { encoding: "utf8" });
  const cli = real.status === 0 ? `real CLI ${real.stdout.trim()}` : undefined;
  say(
    `node dist/bench/engine-noop.js --resources ${sizes.join(",")} --rounds ${rounds}   (nothing random, so no seed)`,
  );
  say(`${machine()}; ${cli ?? "the real CLI is LEFT OUT: `pulumi` is not on PATH, so nothing is compared"}`);
  const folder = mkdtempSync(join(tmpdir(), "bench-engine-"));
  const provider = new BenchProvider();
  const engines: { name: string; pulumiCommand: Command; port: string }[] = [
    { name: "embedded", pulumiCommand: embeddedEngine({ providers: { bench: provider } }), port: "" },
  ];
  if (cli !== undefined) {
    const pulumiCommand = await PulumiCommand.get({ skipVersionCheck: true });
    engines.push({ name: cli, pulumiCommand, port: await attachProvider(provider) });
  }
  try {
    say("| resources | no-op `stack.up` | min ms | median ms | p99 ms |\n|---|---|---|---|---|");
    const ratios: { resources: number; ratio: number }[] = [];
    for (const resources of sizes) {
      const stacks: Stack[] = [];
      for (const { name, pulumiCommand, port } of engines) {
        const stack = await createStack({
          folder: join(folder, `${resources}-${name}`),
          pulumiCommand,
          program: independent(resources),
          providerPort: port || undefined,
        });
        for (let i = 0; i < (name === cli ? 2 : warmUps); i++) await stack.up();
        stacks.push(stack);
      }
      const [embedded = [], others] = await measure(stacks);
      for (const [i, sample] of [embedded, ...(others ? [others] : [])].entries()) {
        const cells = [Math.min(...sample), median(sample), quantile(sample, 0.99)].map((ms) => ms.toFixed(0));
        say(`| ${resources} | ${engines[i]?.name} | ${cells.join(" | ")} |`);
      }
      if (others) ratios.push({ resources, ratio: median(others) / median(embedded) });
    }
    conclude(
      ratios.map(({ resources, ratio }) => ({
        name: `${resources} resources, ratio of medians`,
        measured: ratio,
        unit: "times faster",
        over: promised[resources] ?? 1,
      })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One sample for each stack, in ms. */
async function measure(stacks: Stack[]): Promise<number[][]> {
  const samples: number[][] = stacks.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, stack] of stacks.entries()) {
      const began = performance.now();
      const { summary } = await stack.up();
      samples[i]?.push(performance.now() - began);
      if (Object.keys(summary.resourceChanges ?? {}).join() !== "same") throw new Error("an update was not a no-op");
    }
  }
  return samples;
}

main().then(
  // The provider's server has no handle to close it by.
  () => process.exit(),
  (thrown: unknown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
    process.exit(1);
  },
);
