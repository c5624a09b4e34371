/**
 * `stack.up` with nothing to do on the default team stack: the embedded engine and, where `pulumi` is on PATH, the real CLI
 * on the same stack, turn by turn.
 *
 *   npm run build && node dist/bench/noop.js [--rounds 10]
 *
 * There is no randomness in it, so there is no seed. Exit code 1: a target was missed.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { openProject, type Project } from "../automation";
import { newId, readTruth, type TeamView, viewTeam } from "../automation/release/drive";
import { openDefault } from "./product/environment";
import { conclude, machine, median, quantile, say } from "./product/numbers";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "10" } } });
const rounds = Number(values.rounds);
const target = { environment: "dev", team: "realtime-collaboration" };

async function main(): Promise<void> {
  const real = spawnSync("pulumi", ["version"], { encoding: "utf8" });
  const cli = real.status === 0 ? real.stdout.trim() : undefined;
  say(`node dist/bench/noop.js --rounds ${rounds}`);
  say(`${machine()}; real CLI: ${cli ?? "NOT FOUND on PATH, so it is LEFT OUT and nothing is compared"}`);
  const bench = await openDefault({ bake: "1s" });
  const projects: Record<string, Project> = { embedded: bench.project };
  if (cli !== undefined) projects[`CLI ${cli}`] = openProject({ dir: bench.project.dir, engine: "cli" });
  try {
    await bench.release(target.team, "feature/realtime-v1");
    const views: [string, TeamView][] = [];
    for (const [name, project] of Object.entries(projects))
      views.push([name, await viewTeam(project, target, newId())]);
    const times = await measure(views);
    for (const [, view] of views) view.close();
    print(times);
  } finally {
    for (const project of Object.values(projects)) if (project !== bench.project) project.records.close();
    await bench.close();
  }
}

/** The config that the state has already, so each `up` is a no-op; the program refuses anything else at the same revision. */
async function measure(views: [string, TeamView][]): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(views.map(([name]) => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, view] of views) {
      const { config } = await readTruth(view);
      const began = performance.now();
      await view.stack.apply(config);
      // the first two are for the just-in-time compiler and the file cache
      if (round >= 0) times.get(name)?.push(performance.now() - began);
    }
  }
  return times;
}

function print(times: Map<string, number[]>): void {
  say("| no-op `stack.up` | min ms | median ms | p99 ms |\n|---|---|---|---|");
  for (const [name, sample] of times) {
    const cells = [Math.min(...sample), median(sample), quantile(sample, 0.99)].map((ms) => ms.toFixed(0));
    say(`| ${name} | ${cells.join(" | ")} |`);
  }
  const [embedded, cli] = [...times.values()];
  if (embedded && cli) {
    conclude([{ name: "ratio of medians", measured: median(cli) / median(embedded), unit: "times faster", over: 15 }]);
  }
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
