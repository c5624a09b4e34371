/** What the demo found out, as `demo-report.json` has it. Times named `…AtMs` count from the start of the load. */
import { z } from "zod";
import { timelineSchema } from "./timeline";

export const outcomes = ["settled", "refused", "rolled-back", "resumed", "halted", "aborted"] as const;
export type Outcome = (typeof outcomes)[number];

const ms = z.number();

const phaseSchema = z.strictObject({ name: z.string(), startedAtMs: ms, ms });

const killSchema = z.strictObject({
  phase: z.string().describe("the phase that the driver was in"),
  entry: z.string().describe("the kind of the journal entry that was on disk, its effect not begun"),
  weights: z.enum(["before", "after"]).describe("whether the weights had been written"),
  atMs: ms,
});

export const releaseSchema = z.strictObject({
  team: z.string(),
  version: z.string().describe("the commit"),
  ref: z.string(),
  label: z.string().describe("what the version calls itself in its answers, for example v2"),
  story: z.string().describe("what is shown with it"),
  expected: z.enum(outcomes),
  outcome: z.enum(outcomes),
  startedAtMs: ms,
  phases: z.array(phaseSchema),
  switchedAtMs: ms.nullable().describe("when users' requests had left the old slot"),
  switchMs: ms.nullable().describe("start of the switch to the last request on the old slot"),
  badAtMs: ms.nullable().describe("the first bad answer"),
  rolledBackAtMs: ms.nullable().describe("the last request on the bad slot"),
  rollbackMs: ms.nullable().describe("first bad answer to the last request on the bad slot, detection included"),
  userRequests: z.int().describe("users' requests that this version answered"),
  kills: z.array(killSchema),
});
export type Release = z.infer<typeof releaseSchema>;

const promiseSchema = z.strictObject({ promise: z.string(), kept: z.boolean(), found: z.string() });
export type DemoPromise = z.infer<typeof promiseSchema>;

export const reportSchema = z.strictObject({
  startedAt: z.string(),
  durationMs: ms,
  engine: z.string(),
  seed: z.int(),
  load: z.strictObject({ requestsPerSecond: z.number(), webSockets: z.int(), durationMs: ms }),
  requests: z.strictObject({
    total: z.int(),
    failed: z.int(),
    fromBadVersion: z.int(),
    wrong: z.int(),
    byVersion: z.record(z.string(), z.record(z.string(), z.int())),
    failures: z.array(
      z.strictObject({ atMs: ms, team: z.string(), failure: z.string(), status: z.int(), slot: z.string().nullable() }),
    ),
  }),
  webSockets: z.strictObject({
    opened: z.int(),
    cut: z.int(),
    drained: z.int(),
    echoesLost: z.int(),
    cuts: z.array(z.strictObject({ atMs: ms, slot: z.string().nullable(), code: z.int().nullable() })),
  }),
  releases: z.array(releaseSchema),
  promises: z.array(promiseSchema),
  passed: z.boolean(),
  timeline: timelineSchema,
});
export type Report = z.infer<typeof reportSchema>;

/** What the load generator cannot see. */
export interface Findings {
  /** Where weights of the stack's state and of the load balancer differ; empty: they agree. */
  weightsThatDiffer: string[];
  /** Processes still running after the end; null: they were meant to stay (`--keep`). */
  processesLeft: string[] | null;
}

const limits = { requestsPerSecond: 500, webSockets: 200, rollbackMs: 1_000, durationMs: 120_000 };

/** The report's verdict on each promise of the demo. */
function judge(report: Omit<Report, "promises" | "passed">, findings: Findings): DemoPromise[] {
  const { requests, webSockets, releases, load } = report;
  const rate = Math.round((requests.total * 1_000) / load.durationMs);
  const otherwise = releases.filter((release) => release.outcome !== release.expected);
  const refused = releases.filter((release) => release.expected === "refused");
  const refusedRequests = refused.reduce((sum, release) => sum + release.userRequests, 0);
  const rollbacks = releases.flatMap((release) => (release.expected === "rolled-back" ? [release.rollbackMs] : []));
  const slowest = Math.max(...rollbacks.map((one) => one ?? Number.POSITIVE_INFINITY));
  const kills = releases.flatMap((release) => release.kills);
  const promises: DemoPromise[] = [
    {
      promise: "No request failed",
      kept: requests.failed === 0,
      found: `${requests.failed} of ${requests.total} were refused, reset, timed out or answered 502, 503 or 504 by the load balancer`,
    },
    {
      promise: "Every answer of a good version was right",
      kept: requests.wrong === 0,
      found: `${requests.wrong} were not`,
    },
    {
      promise: "No WebSocket was cut before its drain deadline",
      kept: webSockets.cut === 0 && webSockets.echoesLost === 0,
      found: `${webSockets.cut} cut, ${webSockets.echoesLost} messages lost, ${webSockets.drained} drained of ${webSockets.opened} opened`,
    },
    {
      promise: "Each release ended as it should",
      kept: otherwise.length === 0,
      found:
        otherwise.map((one) => `${one.team} ${one.label}: ${one.outcome}, expected ${one.expected}`).join("; ") ||
        `${releases.length} of ${releases.length}`,
    },
    {
      promise: "The version that never became healthy had no user's request",
      kept: refused.length > 0 && refusedRequests === 0,
      found: `${refusedRequests} requests`,
    },
    {
      promise: "All traffic was back on the old slot within a second of the first bad answer",
      kept: rollbacks.length > 0 && slowest < limits.rollbackMs,
      found: rollbacks.map((one) => (one === null ? "not seen" : `${Math.round(one)} ms`)).join(", ") || "no rollback",
    },
    {
      promise: "The driver was killed before and after weights were written, and users did not notice",
      kept: kills.some((kill) => kill.weights === "before") && kills.some((kill) => kill.weights === "after"),
      found: kills.map((kill) => `in ${kill.phase}, ${kill.weights} the weights`).join("; ") || "never killed",
    },
    {
      promise: `Load of at least ${limits.requestsPerSecond} requests/s and ${limits.webSockets} WebSockets`,
      kept: rate >= limits.requestsPerSecond && webSockets.opened >= limits.webSockets,
      found: `${rate} requests/s, ${load.webSockets} WebSockets`,
    },
    {
      promise: "The load balancer's weights are what the state says",
      kept: findings.weightsThatDiffer.length === 0,
      found: findings.weightsThatDiffer.join("; ") || "equal",
    },
    {
      promise: "It takes less than two minutes",
      kept: report.durationMs < limits.durationMs,
      found: `${(report.durationMs / 1_000).toFixed(1)} s`,
    },
  ];
  if (findings.processesLeft !== null) {
    promises.push({
      promise: "No process is left behind",
      kept: findings.processesLeft.length === 0,
      found: findings.processesLeft.join("; ") || "none",
    });
  }
  return promises;
}

/** The whole report, checked against its own schema: a report that lies about its shape is a bug of the demo. */
export function completeReport(report: Omit<Report, "promises" | "passed">, findings: Findings): Report {
  const promises = judge(report, findings);
  return reportSchema.parse({ ...report, promises, passed: promises.every((one) => one.kept) });
}
