/**
 * The conflict matrix: its verdicts against git's own merges on generated and on real history, and what it costs.
 *
 *   npm run bench:branches [-- --pairs 100000 --seed 1 --repository <folder> --files 10000 --branches 200 --pushes 20]
 *
 * Exit code 1: a verdict differs from git's, or a target was missed.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createMatrix } from "../branches/conflicts";
import { type Comparison, compare } from "./branches/compare";
import { cpuMs } from "./branches/cost";
import { type Generated, generate } from "./branches/generate";
import { openHistory } from "./branches/history";
import { generateTeam, pushWork } from "./branches/team";
import { conclude, machine, median, quantile, say, type Target } from "./product/numbers";

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    repository: { type: "string", default: "." },
    files: { type: "string", default: "10000" },
    branches: { type: "string", default: "200" },
    pushes: { type: "string", default: "20" },
  },
});
const asked = {
  pairs: Number(values.pairs),
  files: Number(values.files),
  branches: Number(values.branches),
  pushes: Number(values.pushes),
};
const seed = Number(values.seed);
const branchesPerSeed = 60;

async function main(): Promise<void> {
  say(
    `node dist/bench/branches.js ${Object.entries(values)
      .map(([name, value]) => `--${name} ${value}`)
      .join(" ")}`,
  );
  say(machine());
  const differences = [...(await generatedPairs()), ...(await realHistory())];
  for (const difference of differences.slice(0, 20)) say(`DIFFERS ${difference}`);
  conclude([
    { name: "verdicts that differ from git's", measured: differences.length, unit: "pairs", under: 1 },
    ...(await cost()),
  ]);
}

/** Runs in a folder that is gone afterwards. */
async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-bench-branches-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generatedPairs(): Promise<string[]> {
  const sum = { pairs: 0, conflicts: 0, byIndex: 0, indexMs: 0, gitMs: 0 };
  const differences: string[] = [];
  let at = seed;
  for (; sum.pairs < asked.pairs; at++) {
    const moved = at % 3 === 0;
    const compared = await inFolder(async (folder) =>
      compare(await generate(folder, { seed: at, branches: branchesPerSeed, moved })),
    );
    for (const key of ["pairs", "conflicts", "byIndex", "indexMs", "gitMs"] as const) sum[key] += compared[key];
    differences.push(...compared.differences.map((words) => `seed ${at}: ${words}`));
  }
  tell(`generated, seeds ${seed} to ${at - 1}`, { ...sum, differences });
  return differences;
}

async function realHistory(): Promise<string[]> {
  return inFolder(async (folder) => {
    const compared = await compare(await openHistory(values.repository, join(folder, "copy"), { branches: 150, seed }));
    tell(`history of ${values.repository}`, compared);
    return compared.differences;
  });
}

function tell(what: string, { pairs, conflicts, byIndex, differences, indexMs, gitMs }: Comparison): void {
  const share = pairs === 0 ? 0 : (100 * byIndex) / pairs;
  say(
    `${what}: ${pairs} pairs, ${conflicts} conflict, ${share.toFixed(1)} % decided by the index; ${differences.length} differ from git; matrix ${(indexMs / 1000).toFixed(1)} s, git ${(gitMs / 1000).toFixed(1)} s`,
  );
}

async function cost(): Promise<Target[]> {
  return inFolder(async (folder) => {
    const generated = await generateTeam(folder, { seed, files: asked.files, branches: asked.branches });
    const stored = () => readdirSync(generated.repository.objectsDir, { recursive: true }).length;
    const before = stored();
    const matrix = createMatrix(generated.repository);
    const began = performance.now();
    await matrix.update({ base: generated.base, branches: generated.tips });
    const fullMs = performance.now() - began;
    const conflicts = matrix.pairs().filter(({ state }) => state === "conflict").length;
    say(
      `${asked.branches} branches on ${asked.files} files: ${conflicts} pairs conflict, ${matrix.pairs().filter(({ by }) => by === "git").length} asked of git`,
    );
    const written = stored() - before;
    const pushes = await push(generated, (tips) => matrix.update({ base: generated.base, branches: tips }));
    await matrix.close();
    say(
      `one push: CPU median ${median(pushes.cpu)} ms, p95 ${quantile(pushes.cpu, 0.95)} ms; time median ${median(pushes.time).toFixed(0)} ms, slowest ${Math.max(...pushes.time).toFixed(0)} ms`,
    );
    return [
      { name: "full matrix", measured: fullMs / 1000, unit: "s", under: 2 },
      { name: "objects written to the repository", measured: written, unit: "files", under: 1 },
      {
        name: "one push, mean CPU",
        measured: pushes.cpu.reduce((sum, ms) => sum + ms, 0) / pushes.cpu.length,
        unit: "ms",
        under: 100,
      },
      { name: "memory of the process", measured: process.memoryUsage().rss / 2 ** 20, unit: "MB", under: 300 },
    ];
  });
}

async function push(generated: Generated, update: (tips: ReadonlyMap<string, string>) => Promise<unknown>) {
  const tips = new Map(generated.tips);
  const cpu: number[] = [];
  const time: number[] = [];
  for (let i = 0; i < asked.pushes; i++) {
    const name = [...tips.keys()][(i * 7) % tips.size] ?? "";
    tips.set(name, await pushWork(generated.repository, name, { seed: seed + 1000 + i }));
    const began = { cpu: cpuMs(), time: performance.now() };
    await update(tips);
    cpu.push(cpuMs() - began.cpu);
    time.push(performance.now() - began.time);
  }
  return { cpu, time };
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
