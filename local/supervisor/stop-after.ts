/** May a slot whose `stopAfter` has come be stopped now? */
import type { LoadBalancerState, ProcessSpec } from "../api";

export type StopDecision = { stop: true; reason: string } | { stop: false; reason: string };

/**
 * Only when the load balancer says that the slot has no traffic. `unweightedForMs`: how long its weight has been 0,
 * as far as was seen; connections that outlive the target group's drain time do not keep a slot up.
 */
export function decideStop(spec: ProcessSpec, state: LoadBalancerState, unweightedForMs: number): StopDecision {
  const name = spec.targetGroup ?? "";
  const weight = weightOf(name, state);
  if (weight > 0) return { stop: false, reason: `its target group ${name} has weight ${weight}` };
  const group = state.targetGroups[name];
  const open = group ? group.inFlight + group.webSockets : 0;
  if (group && open > 0 && unweightedForMs < group.drainMs)
    return { stop: false, reason: `${open} connections are still draining` };
  return { stop: true, reason: `stopped after ${spec.stopAfter}, without traffic` };
}

/** The highest weight that any route gives a target group. */
export function weightOf(targetGroup: string, state: LoadBalancerState): number {
  return Math.max(
    0,
    ...Object.values(state.routes).flatMap((route) =>
      Object.entries(route.targetGroups)
        .filter(([, name]) => name === targetGroup)
        .map(([slot]) => route.weights[slot] ?? 0),
    ),
  );
}
