/** One check's state and the evidence it rests on. Pure: time comes with each result. */
import type { Policy, Result, State } from "../check";
import { historyLength, isFlapping } from "./flapping";

/** A state that evidence can settle. */
type Settled = Exclude<State, "unknown">;

export interface Observation extends Result {
  /** Ms since the epoch: when the probe began and when it ended. */
  startedAt: number;
  at: number;
}

export interface Status {
  /** What enough evidence agreed on; null: there was none yet. */
  settled: Settled | null;
  settledAt: number;
  /** The last result was no evidence: the state is unknown, and what was settled waits. */
  blind: boolean;
  /** When the state that is shown began. */
  since: number;
  /** Evidence since `settled` changed, newest last. */
  recent: Settled[];
  /** The start of the first probe of the present run of failures; null: the last evidence was no failure. */
  badSince: number | null;
  /** Of the last results, which were good. */
  history: boolean[];
  flapping: boolean;
  last: Observation | null;
}

/** So many failures among so many results are a failure too: one bad backend of three never fails three times in a row for long. */
const share = { bad: 4, of: 8 };

/** The most results in a row that a policy may ask for. */
const longestRun = 10;

export const unseen = (at: number): Status => ({
  settled: null,
  settledAt: at,
  blind: false,
  since: at,
  recent: [],
  badSince: null,
  history: [],
  flapping: false,
  last: null,
});

export const stateOf = ({ settled, blind }: Status): State => (blind || settled === null ? "unknown" : settled);

/** The last evidence disagrees with what is settled: it is worth another look soon. */
export const isSuspect = ({ settled, recent }: Status): boolean => recent.length > 0 && recent.at(-1) !== settled;

export function observe(policy: Policy, before: Status, observation: Observation): Status {
  const after = judged(policy, before, observation);
  return stateOf(after) === stateOf(before) ? after : { ...after, since: observation.at };
}

function judged(policy: Policy, before: Status, observation: Observation): Status {
  const { verdict, at, startedAt } = observation;
  // no evidence settles nothing: runs of failures go on behind it
  if (verdict === "unknown") return { ...before, blind: true, last: observation };
  const recent = [...before.recent, verdict].slice(-longestRun);
  const settled = settle(policy, before.settled, recent);
  const history = [...before.history, verdict !== "fail"].slice(-historyLength);
  return {
    ...before,
    settled,
    settledAt: settled === before.settled ? before.settledAt : at,
    blind: false,
    recent: settled === before.settled ? recent : [],
    badSince: verdict === "fail" ? (before.badSince ?? startedAt) : null,
    history,
    flapping: isFlapping(history, before.flapping),
    last: observation,
  };
}

function settle(policy: Policy, settled: Settled | null, recent: Settled[]): Settled | null {
  const inARow = (fits: (one: Settled) => boolean) => recent.length - 1 - recent.findLastIndex((one) => !fits(one));
  const last = recent.at(-1);
  if (settled !== "fail") {
    const failures = recent.slice(-share.of).filter((one) => one === "fail").length;
    if (inARow((one) => one === "fail") >= policy.failAfter || failures >= share.bad) return "fail";
    if (last === "fail") return settled;
    // the first answer is evidence enough to say that it answers
    if (settled === null) return last ?? null;
    if (last === "warn") return inARow((one) => one !== "pass") >= policy.passAfter ? "warn" : settled;
    return inARow((one) => one === "pass") >= policy.passAfter ? "pass" : settled;
  }
  if (inARow((one) => one !== "fail") < policy.passAfter) return settled;
  return recent.slice(-policy.passAfter).includes("warn") ? "warn" : "pass";
}
