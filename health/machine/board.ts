/**
 * All checks of an environment, as a state machine. `transition` is pure: it decides what the checks' states are, who is
 * called and what is probed next; the watch acts.
 */
import type { Plan, State } from "../check";
import { callFor } from "./pages";
import { isSuspect, type Observation, observe, stateOf, unseen } from "./status";
import type { Watched } from "./watched";

export interface Board {
  readonly checks: ReadonlyMap<string, Watched>;
  /** Who depends on a check. */
  readonly children: ReadonlyMap<string, readonly string[]>;
}

export type Event =
  | { type: "observed"; check: string; observation: Observation }
  /** Which checks have a maintenance window open now, and why: all others have none. */
  | { type: "windows"; at: number; open: ReadonlyMap<string, string> };

export type Effect =
  | { do: "probe"; check: string; at: number }
  /** The state that is shown changed. */
  | { do: "record"; check: string; at: number; from: State; to: State; evidence: string }
  | { do: "page"; check: string; at: number; evidence: string }
  | { do: "resolve"; check: string; at: number; evidence: string }
  /** One notice when flapping begins, and one when it ended; no pages between. */
  | { do: "notice"; check: string; at: number; flapping: boolean };

export interface Step {
  /** What takes the place of the checks of the same id. */
  changed: Watched[];
  effects: Effect[];
}

/** Uniform from 0 up to 1. */
export type Random = () => number;

/** Intervals are made shorter by up to a tenth, so that checks do not march in step. */
const jitter = 0.1;
const jittered = (ms: number, random: Random): number => ms * (1 - jitter * random());

/** Where many checks begin at once, one starts each so many ms. */
const startEveryMs = 20;

/** The checks by now, and the first probe of those that are new or that nobody watched for a while. Throws `RangeError` where checks depend on each other in a circle. */
export function begin(plans: Plan[], at: number, random: Random, before?: Board) {
  const checks = new Map<string, Watched>();
  const children = new Map<string, string[]>();
  const effects: Effect[] = [];
  for (const plan of plans) {
    const known = before?.checks.get(plan.id);
    checks.set(plan.id, known ? { ...known, plan } : { plan, status: unseen(at), pagedAt: null, muted: null });
    const spread = Math.min(plan.policy.intervalMs, plans.length * startEveryMs);
    if (!known || known.status.blind) effects.push({ do: "probe", check: plan.id, at: at + spread * random() });
    for (const parent of plan.dependsOn) children.set(parent, [...(children.get(parent) ?? []), plan.id]);
  }
  for (const [id, gone] of before?.checks ?? []) {
    if (!checks.has(id) && gone.pagedAt !== null)
      effects.push({ do: "resolve", check: id, at, evidence: "it is not watched any more" });
  }
  refuseCircles(checks);
  return { board: { checks, children }, effects };
}

export function transition(board: Board, event: Event, random: Random): Step {
  switch (event.type) {
    case "observed":
      return observed(board, event.check, event.observation, random);
    case "windows":
      return windows(board, event.open, event.at);
    default:
      return event satisfies never;
  }
}

/** Brings a step onto a board that is the caller's own. In place: a copy for each result would cost more than the probes do. */
export function apply(board: { checks: Map<string, Watched> }, { changed }: Step): void {
  for (const watched of changed) board.checks.set(watched.plan.id, watched);
}

function observed(board: Board, id: string, observation: Observation, random: Random): Step {
  const before = board.checks.get(id);
  // it went from the plan while its probe was under way
  if (!before) return { changed: [], effects: [] };
  const { plan } = before;
  const { at, startedAt } = observation;
  const status = observe(plan.policy, before.status, observation);
  const own = called(board, { ...before, status }, at);
  const [from, to] = [stateOf(before.status), stateOf(status)];
  const effects: Effect[] =
    from === to ? [] : [{ do: "record", check: id, at, from, to, evidence: observation.evidence }];
  if (status.flapping !== before.status.flapping)
    effects.push({ do: "notice", check: id, at, flapping: status.flapping });
  effects.push(...own.effects);
  const soon = isSuspect(status) || own.held;
  const next = startedAt + jittered(soon ? plan.policy.retryMs : plan.policy.intervalMs, random);
  effects.push({ do: "probe", check: id, at: Math.max(at, next) });
  const others = (board.children.get(id) ?? []).flatMap((child) => {
    const watched = board.checks.get(child);
    return watched && watched.status.settled === "fail" ? [called(board, watched, at, own.watched)] : [];
  });
  return {
    changed: [own.watched, ...others.map(({ watched }) => watched)],
    effects: [...effects, ...others.flatMap((other) => other.effects)],
  };
}

function windows(board: Board, open: ReadonlyMap<string, string>, at: number): Step {
  const steps = [...board.checks.values()].flatMap((watched) => {
    const muted = open.get(watched.plan.id) ?? null;
    return muted === watched.muted ? [] : [called(board, { ...watched, muted }, at)];
  });
  return { changed: steps.map(({ watched }) => watched), effects: steps.flatMap(({ effects }) => effects) };
}

/**
 * Calls somebody, or tells that it is over. It looks at what is, not at what changed, so that nothing can be missed. `fresh`
 * is newer than the board has it.
 */
function called(
  board: Board,
  watched: Watched,
  at: number,
  fresh?: Watched,
): { watched: Watched; effects: Effect[]; held: boolean } {
  const { id } = watched.plan;
  const evidence = watched.status.last?.evidence ?? "";
  const parents = watched.plan.dependsOn.flatMap((parent) =>
    parent === fresh?.plan.id ? fresh : (board.checks.get(parent) ?? []),
  );
  const call = callFor(watched, parents, at);
  switch (call.type) {
    case "page":
      return { watched: { ...watched, pagedAt: at }, effects: [{ do: "page", check: id, at, evidence }], held: false };
    case "resolve":
      return {
        watched: { ...watched, pagedAt: null },
        effects: [{ do: "resolve", check: id, at, evidence }],
        held: false,
      };
    case "hold":
      return { watched, effects: call.ask.map((check) => ({ do: "probe", check, at })), held: true };
    case "none":
      return { watched, effects: [], held: false };
    default:
      return call satisfies never;
  }
}

function refuseCircles(checks: ReadonlyMap<string, Watched>): void {
  const clear = new Set<string>();
  const visit = (id: string, path: string[]) => {
    if (path.includes(id))
      throw new RangeError(`checks depend on each other in a circle: ${[...path, id].join(" -> ")}`);
    if (clear.has(id)) return;
    for (const parent of checks.get(id)?.plan.dependsOn ?? []) visit(parent, [...path, id]);
    clear.add(id);
  };
  for (const id of checks.keys()) visit(id, []);
}
