/** May a slot whose `stopAfter` has come be stopped now? */
import type { LoadBalancerState, ProcessSpec } from "../api";

export type StopDecision = { stop: boolean; reason: string };

/**
 * Only when the load balancer says that the slot has no traffic: weight 0 in every route, and no open connection unless the
 * target group's drain is over.
 */
export function decideStop(spec: ProcessSpec, state: LoadBalancerState, now: Date): StopDecision {
  const name = spec.targetGroup ?? "";
  const weight = Math.max(0, ...weightsOf(name, state));
  if (weight > 0) return { stop: false, reason: `its target group ${name} has weight ${weight}` };
  const group = state.targetGroups[name];
  const open = group ? group.inFlight + group.webSockets : 0;
  const drained = group?.drainUntil ? Date.parse(group.drainUntil) <= now.getTime() : false;
  if (open > 0 && !drained) return { stop: false, reason: `${open} connections are still draining` };
  return { stop: true, reason: `stopped after ${spec.stopAfter}, without traffic` };
}

function weightsOf(targetGroup: string, { routes }: LoadBalancerState): number[] {
  return Object.values(routes).flatMap((route) =>
    Object.entries(route.targetGroups)
      .filter(([, name]) => name === targetGroup)
      .map(([slot]) => route.weights[slot] ?? 0),
  );
}
