/**
 * The traffic switch as a stack operation, on the embedded engine and the default team stack, with users on it.
 *
 *   npm run build && node dist/bench/switch.js [--switches 60] [--seed 1]
 *
 * Each switch is `TeamStack.apply` with other weights, as the driver does it. The last request on the old slot is the load
 * balancer's own `lastRequestAt`. Exit code 1: a target was missed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { newId, readTruth, type TeamView, viewTeam } from "../automation/release/drive";
import { openStack } from "../automation/stacks/workspace";
import { startLoad } from "../demo/load";
import { type BenchEnvironment, openDefault } from "./product/environment";
import { conclude, machine, median, quantile, say } from "./product/numbers";

const { values } = parseArgs({
  options: { switches: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
});
const switches = Number(values.switches);
const seed = Number(values.seed);
const team = "realtime-collaboration";
const load = { requestsPerSecond: 150, webSockets: 10 };
const mostRegistrations = 15;

async function main(): Promise<void> {
  say(`node dist/bench/switch.js --switches ${switches} --seed ${seed}`);
  say(`${machine()}; load: ${load.requestsPerSecond} requests/s, ${load.webSockets} WebSockets`);
  const bench = await openDefault({ bake: "1s" });
  try {
    await bench.release(team, "feature/realtime-v1");
    await bench.release(team, "feature/realtime-v2");
    await bench.release("ai-workflow", "feature/ai-workflow-v1");
    await measure(bench);
  } finally {
    await bench.close();
  }
}

async function measure(bench: BenchEnvironment): Promise<void> {
  const view = await viewTeam(bench.project, { environment: "dev", team }, newId());
  const users = await startLoad({ entryUrl: bench.url, slotHeader: bench.slotHeader, seed, ...load });
  try {
    const registrations = await registrationsOf(bench);
    const { operations, lastRequests } = await switchBackAndForth(view);
    const { answers } = await users.stop();
    const failed = answers.filter(({ failure, status }) => failure !== null || status >= 500).length;
    say(`the team stack has ${registrations} registrations`);
    say(`${switches} switches, ${answers.length} requests meanwhile, ${failed} failed`);
    say("|  | min ms | median ms | p99 ms |\n|---|---|---|---|");
    for (const [name, sample] of [
      ["stack operation", operations],
      ["its start to the last request on the old slot", lastRequests],
    ] as const) {
      const cells = [Math.min(...sample), median(sample), quantile(sample, 0.99)].map((ms) => ms.toFixed(1));
      say(`| ${name} | ${cells.join(" | ")} |`);
    }
    conclude([
      { name: "registrations", measured: registrations, unit: "", under: mostRegistrations + 1 },
      { name: "operation, median", measured: median(operations), unit: "ms", under: 50 },
      { name: "operation, p99", measured: quantile(operations, 0.99), unit: "ms", under: 150 },
      {
        name: "start to the last request on the old slot, median",
        measured: median(lastRequests),
        unit: "ms",
        under: 60,
      },
      { name: "failed requests", measured: failed, unit: "", under: 1 },
    ]);
  } finally {
    view.close();
  }
}

/** Every resource in the state was one registration of the program, but for the provider, which is the engine's own. */
async function registrationsOf(bench: BenchEnvironment): Promise<number> {
  const stack = await openStack(bench.project, "dev", `dev.${team}`, "bench");
  const { deployment } = await stack.exportStack();
  const types = (deployment as { resources: { type: string }[] }).resources.map(({ type }) => type);
  return types.filter((type) => !type.startsWith("pulumi:providers:")).length;
}

async function switchBackAndForth(view: TeamView): Promise<{ operations: number[]; lastRequests: number[] }> {
  const operations: number[] = [];
  const lastRequests: number[] = [];
  let { config } = await readTruth(view);
  const names = view.settings.slots.map(({ name }) => name);
  for (let i = -3; i < switches; i++) {
    const from = names.find((name) => config.weights[name] === 100) ?? "";
    const to = names.find((name) => name !== from) ?? "";
    config = { ...config, revision: config.revision + 1, live: to, weights: { [from]: 0, [to]: 100 } };
    const startedAt = Date.now();
    const began = performance.now();
    await view.stack.apply(config);
    const ms = performance.now() - began;
    // users go on at the new slot, and the counters are at most 100 ms old
    await sleep(200);
    const { slots } = await view.live.traffic();
    // the first ones warm the just-in-time compiler
    if (i < 0) continue;
    operations.push(ms);
    lastRequests.push(Math.max(0, Date.parse(slots[from]?.lastRequestAt ?? "") - startedAt));
  }
  return { operations, lastRequests };
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
