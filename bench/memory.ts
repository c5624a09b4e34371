/**
 * Resident memory of the supervisor and the load balancer of an environment with four slots: idle, and under load.
 *
 *   npm run build && node dist/bench/memory.js [--seconds 15] [--seed 1]
 *
 * Both are sampled twice a second; idle is the last sample of `seconds` without requests, under load is the highest. The
 * services' own memory is theirs and is not counted. Exit code 1: a target was missed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { environmentFolders } from "../config/environment";
import { startLoad } from "../demo/load";
import { LocalRuntime } from "../local/client";
import { residentMb } from "./lb/processes";
import { type BenchEnvironment, openDefault } from "./product/environment";
import { conclude, machine, say } from "./product/numbers";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "15" }, seed: { type: "string", default: "1" } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const load = { requestsPerSecond: 1_000, webSockets: 200 };

async function main(): Promise<void> {
  say(`node dist/bench/memory.js --seconds ${seconds} --seed ${seed}`);
  say(`${machine()}; load: ${load.requestsPerSecond} requests/s, ${load.webSockets} WebSockets`);
  const bench = await openDefault({ bake: "1s" });
  try {
    // each of the four slots has a process: two live, two kept warm
    for (const version of ["v1", "v2"]) {
      await bench.release("realtime-collaboration", `feature/realtime-${version}`);
      await bench.release("ai-workflow", `feature/ai-workflow-${version}`);
    }
    const daemons = await daemonsOf(bench);
    const idle = (await sampled(daemons)).at(-1) ?? Number.NaN;
    const users = await startLoad({ entryUrl: bench.url, slotHeader: bench.slotHeader, seed, ...load });
    const loaded = Math.max(...(await sampled(daemons)));
    const { answers, startedAt, endedAt } = await users.stop();
    say(`${Math.round((1_000 * answers.length) / (endedAt - startedAt))} requests/s were answered`);
    conclude([
      { name: "supervisor and load balancer, idle with 4 slots", measured: idle, unit: "MB", under: 150 },
      { name: "supervisor and load balancer, under load", measured: loaded, unit: "MB", under: 250 },
    ]);
  } finally {
    await bench.close();
  }
}

async function daemonsOf({ project }: BenchEnvironment): Promise<Record<string, number>> {
  const { runtimeDir } = environmentFolders(project.dir, "dev", project.config("dev"));
  const runtime = new LocalRuntime(runtimeDir);
  const supervisor = await runtime.supervisor();
  if (supervisor === undefined) throw new Error("the supervisor does not answer");
  return { supervisor: supervisor.pid, "load balancer": (await runtime.loadBalancer()).pid };
}

/** Sums in MB, one each half second. Prints the parts of the last. */
async function sampled(daemons: Record<string, number>): Promise<number[]> {
  const sums: number[] = [];
  let parts: [string, number][] = [];
  for (let i = 0; i < seconds * 2; i++) {
    await sleep(500);
    parts = Object.entries(daemons).map(([name, pid]) => [name, residentMb(pid) ?? Number.NaN]);
    sums.push(parts.reduce((sum, [, mb]) => sum + mb, 0));
  }
  say(parts.map(([name, mb]) => `${name} ${mb} MB`).join(", "));
  return sums;
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
