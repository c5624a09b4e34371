import { setTimeout as sleep } from "node:timers/promises";
import type { LivePlatform, SlotCondition } from "../../components";

/** Users wait meanwhile for their way back. */
const answerWithinMs = 1_000;

/**
 * The one thing a rollback depends on: the old slot. A reason says why traffic must not go there; undefined: it may.
 * A platform that cannot say, or not in time, counts as healthy, because the new slot is known to be bad.
 */
export async function rollbackTarget(live: LivePlatform, slot: string): Promise<string | undefined> {
  const unknown: SlotCondition = { state: "running", version: null, detail: "not known" };
  const asked = live.slot(slot).catch(() => unknown);
  const { state, detail } = await Promise.race([asked, sleep(answerWithinMs, unknown, { ref: false })]);
  return state === "running" || state === "starting" ? undefined : `${slot} is ${state}: ${detail}`;
}
