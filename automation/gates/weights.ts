import { isDeepStrictEqual } from "node:util";
import type { RouteState } from "../../config/settings";
import type { GateResult } from "../api";

/** Before anything moves, the load balancer must say what the state says: a change by hand in between is a person's to explain. */
export function weightsGate(state: RouteState | undefined, live: RouteState | null): GateResult {
  const gate = "live weights equal state";
  const wanted = state ? withTraffic(state) : {};
  const found = live ? withTraffic(live) : {};
  const equal = isDeepStrictEqual(wanted, found);
  const evidence = equal
    ? `both say ${shown(wanted)}`
    : `the state says ${shown(wanted)}, the load balancer ${shown(found)}`;
  return { gate, verdict: equal ? "pass" : "fail", evidence };
}

const withTraffic = ({ weights }: RouteState) =>
  Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0));

function shown(weights: Record<string, number>): string {
  const parts = Object.entries(weights).map(([slot, weight]) => `${slot} ${weight}`);
  return parts.length > 0 ? parts.join(", ") : "no traffic";
}
