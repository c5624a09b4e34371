/** What a team stack's outputs tell: the team's stack is the record of its releases, for the driver and for the environment's guards. */
import type { ReleaseConfig, RouteState, SlotVersion } from "../config/settings";

export interface TeamRecord extends RouteState {
  team: string;
  slots: Record<string, SlotVersion | null>;
}

/** undefined: the stack has no resources (never brought up, or taken down). */
export function teamRecord(outputs: Record<string, unknown> | undefined): TeamRecord | undefined {
  return outputs !== undefined && "epoch" in outputs ? (outputs as unknown as TeamRecord) : undefined;
}

/**
 * What keeps the team's release open, in words; undefined where none is running. Decided from what the last finished stack
 * operation left, so that it holds for every engine and for `pulumi up` by hand: a release is open from the operation that
 * puts a candidate in the idle slot to the one that empties that slot again, or gives it an end (`stopAfter`).
 */
export function openRelease({ slots, weights, live, release }: TeamRecord): string | undefined {
  for (const [slot, version] of Object.entries(slots)) {
    if (slot === live || version === null) continue;
    if ((weights[slot] ?? 0) > 0) return `release ${release} is moving traffic to ${slot}`;
    if (version.stopAfter === undefined) return `release ${release} has a candidate in ${slot}`;
  }
  return undefined;
}

/**
 * Whether what the slot holds goes on running as it is. It then keeps the environment variables and limits it was started
 * with, whatever the settings say by now: they come with the next version, and never by a restart under traffic.
 * A warm slot without traffic that gets its version anew (its end is taken away) is a start.
 */
export function goesOnRunning(slot: string, wanted: ReleaseConfig, held: TeamRecord | undefined): boolean {
  const [is, will] = [held?.slots[slot], wanted.slots[slot]];
  if (!held || !is || !will || is.version !== will.version) return false;
  const hasTraffic = (held.weights[slot] ?? 0) > 0 || (wanted.weights[slot] ?? 0) > 0;
  return hasTraffic || is.stopAfter === undefined || will.stopAfter !== undefined;
}
