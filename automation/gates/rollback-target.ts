import type { LivePlatform, SlotCondition } from "../../components";

/**
 * The one thing a rollback depends on: the old slot. A reason says why traffic must not go there; undefined: it may.
 * A platform that cannot say counts as healthy, because the new slot is known to be bad.
 */
export async function rollbackTarget(live: LivePlatform, slot: string): Promise<string | undefined> {
  const unknown: SlotCondition = { state: "running", version: null, detail: "not known" };
  const { state, detail } = await live.slot(slot).catch(() => unknown);
  return state === "running" || state === "starting" ? undefined : `${slot} is ${state}: ${detail}`;
}
