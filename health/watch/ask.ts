/** One probe, within its deadline, and what it says about the target and not about the prober. */
import { messageOf } from "../../config/errors";
import type { Check, Result } from "../check";
import type { Observation } from "../machine/status";
import { now } from "./clock";
import type { Stalls } from "./stalls";

/** A stall shorter than this explains no failure. */
const harmlessStallMs = 200;
/** After its deadline a probe gets this long to clean up after itself; then it is left to itself. */
const graceMs = 500;

/** `stopped` ends it early; the observation is nobody's then. */
export async function ask(check: Check, stalls: Stalls, stopped: AbortSignal): Promise<Observation> {
  const startedAt = now();
  const result = await withinDeadline(check, stopped);
  const at = now();
  const stalledMs = stalls.longestSince(startedAt);
  if (result.verdict === "pass" || stalledMs < Math.max(harmlessStallMs, check.policy.deadlineMs / 10))
    return { ...result, startedAt, at };
  const evidence = `the prober itself stood still for ${Math.round(stalledMs)} ms; it had found: ${result.evidence}`;
  return { verdict: "unknown", evidence, measurements: [], startedAt, at };
}

async function withinDeadline(check: Check, stopped: AbortSignal): Promise<Result> {
  const { deadlineMs } = check.policy;
  const late: Result = { verdict: "fail", evidence: `no whole answer within ${deadlineMs} ms`, measurements: [] };
  const controller = new AbortController();
  const timers: { deadline?: NodeJS.Timeout; grace?: NodeJS.Timeout; look?: NodeJS.Immediate } = {};
  const stop = () => controller.abort(new Error("stopped"));
  stopped.addEventListener("abort", stop, { once: true });
  const tooLate = new Promise<Result>((resolve) => {
    timers.deadline = setTimeout(() => {
      // in a busy process the deadline can be noticed before an answer that is there already: that one is read first
      timers.look = setImmediate(() => {
        controller.abort(new Error(late.evidence));
        timers.grace = setTimeout(() => resolve(late), graceMs);
      });
    }, deadlineMs);
  });
  const probing = async (): Promise<Result> => {
    try {
      const found = await check.probe(controller.signal);
      return controller.signal.aborted && found.verdict !== "pass" ? late : found;
    } catch (thrown) {
      if (controller.signal.aborted) return late;
      return { verdict: "fail", evidence: messageOf(thrown), measurements: [] };
    }
  };
  try {
    return await Promise.race([probing(), tooLate]);
  } finally {
    clearTimeout(timers.deadline);
    clearTimeout(timers.grace);
    clearImmediate(timers.look);
    stopped.removeEventListener("abort", stop);
  }
}
