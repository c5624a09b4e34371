/**
 * Who may write a route. Every write carries (epoch, revision), which only grows in the hands of the driver that holds the
 * team's lease; a driver that lost it comes with a lower one and is refused here, whatever it believes.
 */
import { isDeepStrictEqual } from "node:util";
import { isNewer } from "../../../config/settings";
import type { RouteSpec } from "../../api";
import type { Position } from "./schemas";

export type Admission =
  | { verdict: "write" }
  | { verdict: "same" }
  | { verdict: "stale"; held: Position; reason: string };

const words = ({ epoch, revision }: Position) => `epoch ${epoch}, revision ${revision}`;

/**
 * - lower than the route held: stale; equal: the same content is a no-op, other content is stale.
 * - A deleted route leaves a tombstone. A route that gives weight must be newer than it: a driver from before the deletion
 *   cannot come back. A route with weights 0 moves no traffic and is taken at any position (a stack that is brought up anew
 *   begins with one), but the tombstone stays until a newer route replaced it.
 */
export function admit(wanted: RouteSpec, held: RouteSpec | undefined, tombstone: Position | undefined): Admission {
  if (held !== undefined && isDeepStrictEqual(held, wanted)) return { verdict: "same" };
  if (held !== undefined && !isNewer(wanted, held)) {
    const equal = held.epoch === wanted.epoch && held.revision === wanted.revision;
    const reason = equal
      ? `${words(wanted)} was written already, with other content`
      : `${words(wanted)} is older than the ${words(held)} in effect`;
    return { verdict: "stale", held: { epoch: held.epoch, revision: held.revision }, reason };
  }
  const movesTraffic = Object.values(wanted.weights).some((weight) => weight > 0);
  if (tombstone !== undefined && movesTraffic && !isNewer(wanted, tombstone))
    return {
      verdict: "stale",
      held: tombstone,
      reason: `${words(wanted)} is not newer than the route that was deleted (${words(tombstone)})`,
    };
  return { verdict: "write" };
}
