/**
 * From the first bad answer to all traffic back on the old slot, by the driver itself, with the default rules at 500
 * requests/s; and the share of its requests that the bad version answered wrongly meanwhile. Seen from outside, by users.
 *
 *   npm run build && node dist/bench/rollback.js [--runs 5] [--seed 1]
 *
 * The version is good for two seconds of traffic and then answers every request with a 500. Exit code 1: the target was
 * missed, or a release was not rolled back.
 */
import { parseArgs } from "node:util";
import { release } from "../automation";
import { now, startLoad } from "../demo/load";
import { firstBadAnswer, isBad, lastRequestOn } from "../demo/measure";
import { type BenchEnvironment, openDefault } from "./product/environment";
import { conclude, machine, median, say } from "./product/numbers";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "5" }, seed: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
const seed = Number(values.seed);
const team = "realtime-collaboration";
/** Over both teams, 11 of 20 for this one; and the default latency limit. */
const load = { requestsPerSecond: 500, webSockets: 50 };
const limitMs = 1_000;

interface Measured {
  rollbackMs: number;
  wrong: number;
  /** All answers of the bad version, from its first to its last. */
  answered: number;
  failedElsewhere: number;
}

async function main(): Promise<void> {
  say(`node dist/bench/rollback.js --runs ${runs} --seed ${seed}`);
  say(`${machine()}; load: ${load.requestsPerSecond} requests/s over both teams, ${load.webSockets} WebSockets`);
  const bench = await openDefault({ bake: "8s" });
  try {
    await Promise.all([
      bench.release(team, "feature/realtime-v1"),
      bench.release("ai-workflow", "feature/ai-workflow-v1"),
    ]);
    const measured: Measured[] = [];
    for (let run = 0; run < runs; run++) measured.push(await oneRollback(bench, seed + run));
    print(measured);
  } finally {
    await bench.close();
  }
}

async function oneRollback(bench: BenchEnvironment, runSeed: number): Promise<Measured> {
  const users = await startLoad({ entryUrl: bench.url, slotHeader: bench.slotHeader, seed: runSeed, ...load });
  const from = now();
  const report = await release(bench.project, { environment: "dev", team, ref: "feature/realtime-v3-turns-bad" });
  const { answers } = await users.stop();
  if (report.outcome !== "rolled-back")
    throw new Error(`the bad version's release ended ${report.outcome}: ${report.reason}`);
  const where = { team, slot: report.to };
  const first = firstBadAnswer(answers, where, from, limitMs);
  const last = lastRequestOn(answers, where, from);
  if (first === null || last === null) throw new Error("users saw no bad answer");
  const its = answers.filter((answer) => answer.team === team && answer.slot === report.to && answer.sentAt >= from);
  return {
    rollbackMs: last - first,
    wrong: its.filter((answer) => isBad(answer, limitMs)).length,
    answered: its.length,
    failedElsewhere: answers.filter(
      (answer) => answer.failure !== null || (answer.slot !== report.to && answer.status >= 500),
    ).length,
  };
}

function print(measured: Measured[]): void {
  say(
    "| run | first bad answer to the last request on the bad slot, ms | wrong answers | of its answers | share |\n|---|---|---|---|---|",
  );
  for (const [run, { rollbackMs, wrong, answered }] of measured.entries()) {
    say(
      `| ${run + 1} | ${rollbackMs.toFixed(0)} | ${wrong} | ${answered} | ${((100 * wrong) / answered).toFixed(0)} % |`,
    );
  }
  const times = measured.map(({ rollbackMs }) => rollbackMs);
  conclude([
    { name: "first bad answer to all traffic back, median", measured: median(times), unit: "ms", under: 1_000 },
    { name: "first bad answer to all traffic back, slowest", measured: Math.max(...times), unit: "ms", under: 1_000 },
    {
      name: "requests failed that the bad version did not answer",
      measured: measured.reduce((sum, { failedElsewhere }) => sum + failedElsewhere, 0),
      unit: "",
      under: 1,
    },
  ]);
}

main().catch((thrown: unknown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : thrown}\n`);
  process.exitCode = 1;
});
