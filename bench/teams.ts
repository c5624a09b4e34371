/**
 * One environment with many teams: `up` from nothing, `up` with nothing to do, and 20 teams that release at once.
 *
 *   npm run build && node dist/bench/teams.js [--teams 10,50,100] [--releasing 20]
 *
 * There is no randomness in it, so there is no seed. Exit code 1: a release did not settle (a lock conflict is one reason),
 * or the time for each team grew by more than half from the smallest environment to the largest.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { up } from "../automation";
import type { TeamConfigInput } from "../config/team";
import { openBench } from "./product/environment";
import { conclude, machine, median, say } from "./product/numbers";

const { values } = parseArgs({
  options: { teams: { type: "string", default: "10,50,100" }, releasing: { type: "string", default: "20" } },
});
const sizes = values.teams.split(",").map(Number);
const releasing = Number(values.releasing);
/** A constant part is spread over the teams, so fewer teams are dearer; growth beyond this is worse than linear. */
const mostGrowth = 1.5;

const service = `require("node:http").createServer((request, response) => response.end("ok"))
  .listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => process.exit());
`;

interface Row {
  teams: number;
  upMs: number;
  noopMs: number;
  releaseMs: number[];
  allReleasedMs: number;
}

async function main(): Promise<void> {
  say(`node dist/bench/teams.js --teams ${values.teams} --releasing ${releasing}`);
  say(machine());
  const rows: Row[] = [];
  say(
    "| teams | up from nothing, ms | for each team | no-op up, ms | for each team | teams releasing | all settled after, ms | one release, median ms |",
  );
  say("|---|---|---|---|---|---|---|---|");
  for (const teams of sizes) {
    const row = await measure(teams);
    rows.push(row);
    const each = (ms: number) => (ms / teams).toFixed(0);
    const { upMs, noopMs, allReleasedMs, releaseMs } = row;
    const cells = [
      upMs.toFixed(0),
      each(upMs),
      noopMs.toFixed(0),
      each(noopMs),
      releaseMs.length,
      allReleasedMs.toFixed(0),
    ];
    say(`| ${teams} | ${cells.join(" | ")} | ${median(releaseMs).toFixed(0)} |`);
  }
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last || first === last) return;
  const growth = (pick: (row: Row) => number) => pick(last) / last.teams / (pick(first) / first.teams);
  conclude([
    {
      name: "up from nothing, growth of the time for each team",
      measured: growth(({ upMs }) => upMs),
      unit: "times",
      under: mostGrowth,
    },
    {
      name: "no-op up, growth of the time for each team",
      measured: growth(({ noopMs }) => noopMs),
      unit: "times",
      under: mostGrowth,
    },
  ]);
}

async function measure(count: number): Promise<Row> {
  const names = Array.from({ length: count }, (_, i) => `team-${String(i + 1).padStart(3, "0")}`);
  const bench = await openBench(async (folder) => {
    const repository = makeTinyRepository(join(folder, "repository"));
    return Object.fromEntries(names.map((name) => [name, team(name, repository)]));
  });
  try {
    const upMs = await timed(() => up(bench.project, "dev"));
    const noopMs = await timed(() => up(bench.project, "dev"));
    const releaseMs: number[] = [];
    const allReleasedMs = await timed(async () => {
      const one = async (name: string) => releaseMs.push(await timed(() => bench.release(name, "main")));
      // all of them end before the environment does, the failed ones too
      const ended = await Promise.allSettled(names.slice(0, releasing).map(one));
      for (const end of ended) if (end.status === "rejected") throw end.reason;
    });
    return { teams: count, upMs, noopMs, releaseMs, allReleasedMs };
  } finally {
    await bench.close();
  }
}

const team = (name: string, repository: string): TeamConfigInput => ({
  branchPrefix: `feature/${name}`,
  slots: [`${name}-a`, `${name}-b`],
  paths: [`/${name}`],
  health: { endpoints: [`/${name}/health`] },
  source: { repository },
  // 20 drivers in one process ask for their bakes' samples by themselves: there are no users
  release: { bake: "5s" },
  quotas: { memoryMb: 64 },
});

function makeTinyRepository(folder: string): string {
  mkdirSync(folder);
  writeFileSync(join(folder, "server.js"), service);
  const git = (...args: string[]) => {
    const identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid"];
    const { status, stderr } = spawnSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  };
  git("init", "--quiet", "--initial-branch", "main");
  git("add", "server.js");
  git("commit", "--quiet", "-m", "A service that says ok");
  return folder;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
