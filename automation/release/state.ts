/**
 * The release as a state machine. `transition` is pure: it decides, and the driver acts. Everything about when traffic
 * moves and when it goes back is in here and can be tested without a process, a clock or a socket.
 */
import type { GateResult, Outcome, Phase } from "../api";

/** What the driver does next; each ends with exactly one event. */
export type Effect =
  | { do: "plan" }
  | { do: "admit" }
  | { do: "stage" }
  | { do: "verify" }
  /** Weights in percent for the candidate; the rest stays with the old slot. */
  | { do: "shift"; percent: number }
  | { do: "bake"; last: boolean }
  | { do: "settle" }
  | { do: "roll-back" }
  /** Takes the candidate out of its slot, now (it never had traffic) or when its connections are gone. */
  | { do: "clean" };

export type Event =
  | { type: "done" }
  | { type: "gate"; result: GateResult }
  /** `next` is what a person does about it, where the failure knows. */
  | { type: "failed"; reason: string; next?: string }
  /** The load balancer and the state disagree, or only a person can decide. */
  | { type: "halt"; reason: string }
  | { type: "abort"; reason: string };

export interface Release {
  phase: Phase;
  /** The candidate's share after each step; ends with 100. */
  steps: number[];
  /** The step being shifted or baked. */
  step: number;
  /** The candidate passed its verification in this release. */
  verified: boolean;
  /** Weights for the candidate were asked for, and not yet put back. */
  exposed: boolean;
  /** The candidate had traffic at some time: it may still have connections when its weight is 0 again. */
  hadTraffic: boolean;
  /** There was no live slot before: nothing to go back to but 0/0. */
  first: boolean;
  /** A driver died over this release and another one goes on with it. */
  resumed: boolean;
  noData: "halt" | "roll-back";
  /** What the release will end as, once it was cleaned up. */
  verdict: Verdict | null;
  /** Where it stopped for a person to decide, and what it was about to end as. */
  halted: { phase: Phase; verdict: Verdict | null } | null;
}

export interface Verdict {
  outcome: Outcome;
  reason: string;
  next?: string;
}

export interface Step {
  release: Release;
  /** null: the release is over. */
  effect: Effect | null;
}

export function begin(options: Pick<Release, "steps" | "first" | "noData">): Step {
  const release: Release = {
    ...options,
    phase: "plan",
    step: 0,
    verified: false,
    exposed: false,
    hadTraffic: false,
    resumed: false,
    verdict: null,
    halted: null,
  };
  return { release, effect: { do: "plan" } };
}

/**
 * Where a take-over goes on: the phase that was under way is done again. All effects are idempotent. A candidate whose
 * verification is not on record is verified again before it may get (more) traffic.
 */
export function goOn(release: Release, resumed = true): Step {
  const again = { ...release, resumed };
  switch (release.phase) {
    case "plan":
    case "admit":
      return enter(again, "admit");
    case "stage":
    case "verify":
      return enter({ ...again, verified: false }, "stage");
    case "shift":
    case "bake":
      return enter(again, "shift");
    case "settle":
    case "roll-back":
    case "clean":
      return enter(again, release.phase);
    case "done":
      return release.halted ? decided(again, release.halted) : { release: again, effect: null };
    default:
      return release.phase satisfies never;
  }
}

/** A person looked at the evidence and goes on: what the bake could not tell is accepted, everything else is tried again. */
function decided(release: Release, { phase, verdict }: NonNullable<Release["halted"]>): Step {
  const open = { ...release, phase, verdict, halted: null };
  return phase === "bake" ? baked(open) : goOn(open, release.resumed);
}

export function transition(release: Release, event: Event): Step {
  switch (event.type) {
    case "abort":
      return stop(release, { outcome: "aborted", reason: event.reason });
    case "halt":
      return halt(release, event.reason);
    case "failed":
      return failed(release, event.reason, event.next);
    case "gate":
      return judged(release, event.result);
    case "done":
      return forward(release);
    default:
      return event satisfies never;
  }
}

/** The effect of the present phase did what it should. */
function forward(release: Release): Step {
  switch (release.phase) {
    case "plan":
      return enter(release, "admit");
    case "stage":
      return enter(release, "verify");
    case "shift":
      return enter(release, "bake");
    case "settle":
      return finish(release, release.resumed ? "resumed" : "settled", "the candidate is live");
    case "roll-back":
      return enter({ ...release, exposed: false }, "clean");
    case "clean":
      return finish(release, release.verdict?.outcome ?? "aborted", release.verdict?.reason ?? "cleaned up");
    case "admit":
    case "verify":
    case "bake":
      throw new Error(`${release.phase} ends with a gate's verdict, not with "done"`);
    case "done":
      return { release, effect: null };
    default:
      return release.phase satisfies never;
  }
}

function judged(release: Release, result: GateResult): Step {
  const reason = `${result.gate}: ${result.evidence}`;
  if (result.verdict === "pass") {
    if (release.phase === "admit") return enter(release, "stage");
    if (release.phase === "verify") return enter({ ...release, verified: true }, "shift");
    if (release.phase === "bake") return baked(release);
    return forward(release);
  }
  if (release.phase === "bake" && result.verdict === "no-data" && release.noData === "halt")
    return halt(release, reason);
  if (release.phase === "bake" && result.verdict === "inconclusive") return halt(release, reason);
  return failed(release, reason);
}

function baked(release: Release): Step {
  if (release.step + 1 >= release.steps.length) return enter(release, "settle");
  return enter({ ...release, step: release.step + 1 }, "shift");
}

function failed(release: Release, reason: string, next?: string): Step {
  const advice = next === undefined ? {} : { next };
  switch (release.phase) {
    case "plan":
    case "admit":
    case "stage":
    case "verify":
      return stop(release, { outcome: "refused", reason, ...advice });
    case "shift":
    case "bake":
      return stop(release, { outcome: release.first ? "refused" : "rolled-back", reason });
    case "settle":
    case "roll-back":
      return halt(release, reason);
    case "clean":
      // The traffic is where it belongs; a leftover process is told, and the verdict stands.
      return finish(
        release,
        release.verdict?.outcome ?? "aborted",
        `${release.verdict?.reason ?? ""} (the candidate was not cleaned up: ${reason})`,
      );
    case "done":
      return { release, effect: null };
    default:
      return release.phase satisfies never;
  }
}

/** Ends the release early: traffic first, then the candidate. The first reason wins. */
function stop(release: Release, verdict: Verdict): Step {
  if (release.phase === "done") return { release, effect: null };
  const decided = { ...release, verdict: release.verdict ?? verdict };
  if (release.phase === "plan" || release.phase === "admit")
    return finish(decided, decided.verdict.outcome, decided.verdict.reason);
  if (release.phase === "roll-back" || release.phase === "clean") return enter(decided, release.phase);
  return enter(decided, release.exposed ? "roll-back" : "clean");
}

function halt(release: Release, reason: string): Step {
  if (release.phase === "done") return { release, effect: null };
  const halted = { phase: release.phase, verdict: release.verdict };
  return finish(
    { ...release, halted },
    "halted",
    release.verdict ? `${release.verdict.reason}; then: ${reason}` : reason,
  );
}

function finish(release: Release, outcome: Outcome, reason: string): Step {
  return { release: { ...release, phase: "done", verdict: { ...release.verdict, outcome, reason } }, effect: null };
}

function enter(release: Release, phase: Exclude<Phase, "done">): Step {
  const next = { ...release, phase };
  switch (phase) {
    case "shift":
      // the one door to traffic: nobody comes through it unverified, whatever a saved state says
      if (!release.verified) return stop(release, { outcome: "refused", reason: "the candidate was not verified" });
      return {
        release: { ...next, exposed: true, hadTraffic: true },
        effect: { do: "shift", percent: release.steps[release.step] ?? 100 },
      };
    case "bake":
      return { release: next, effect: { do: "bake", last: release.step + 1 >= release.steps.length } };
    case "plan":
    case "admit":
    case "stage":
    case "verify":
    case "settle":
    case "roll-back":
    case "clean":
      return { release: next, effect: { do: phase } };
    default:
      return phase satisfies never;
  }
}
