/** A check of several steps, as a user would take them. What a step made is cleaned up, however the check ended. */
import { messageOf } from "../../config/errors";
import type { Probe, Result } from "../check";
import { combined, result } from "./results";

export interface Step {
  /** For evidence: `sign in`. */
  name: string;
  run: Probe;
  /** Called when the step was begun, last step first, with time of its own: 5 s for all. */
  cleanUp?: (signal: AbortSignal) => Promise<void>;
}

const cleanUpMs = 5_000;

/** Stops at the first step that fails. What cannot be cleaned up is a warning. */
export const stepsProbe =
  (steps: Step[]): Probe =>
  async (signal) => {
    const begun: Step[] = [];
    const found: Result[] = [];
    for (const step of steps) {
      begun.unshift(step);
      const one = await took(step, signal);
      found.push(one);
      if (one.verdict === "fail" || one.verdict === "unknown") break;
    }
    found.push(...(await cleanedUp(begun)));
    return combined(found);
  };

async function took({ name, run }: Step, signal: AbortSignal): Promise<Result> {
  const named = (one: Result): Result => ({ ...one, evidence: `${name}: ${one.evidence}` });
  if (signal.aborted) return result("fail", `${name}: there was no time left`);
  try {
    return named(await run(signal));
  } catch (thrown) {
    return named(result("fail", messageOf(thrown)));
  }
}

async function cleanedUp(begun: Step[]): Promise<Result[]> {
  const signal = AbortSignal.timeout(cleanUpMs);
  const found: Result[] = [];
  for (const { name, cleanUp } of begun) {
    if (!cleanUp) continue;
    try {
      await cleanUp(signal);
    } catch (thrown) {
      found.push(result("warn", `${name} was not cleaned up: ${messageOf(thrown)}`));
    }
  }
  return found;
}
