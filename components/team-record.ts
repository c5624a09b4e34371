/** What a team stack's outputs tell: the team's stack is the record of its releases, for the driver and for the environment's guards. */
import type { RouteState, SlotVersion } from "../config/settings";

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
