/** What a recording says about releases: pure functions over what the load generator saw from outside. */
import type { Answer, SocketEvent } from "./load";

/** A version that is meant to go wrong, as its answers name it. */
export interface BadVersion {
  team: string;
  /** As in the answers' version header. */
  version: string;
}

export interface SlotOfTeam {
  team: string;
  slot: string;
}

/** Bad is a 5xx or an answer slower than the team's latency limit. */
export function isBad(answer: Answer, limitMs: number): boolean {
  return answer.status >= 500 || answer.endedAt - answer.sentAt > limitMs;
}

/** When the slot's first bad answer after `from` arrived. */
export function firstBadAnswer(
  answers: Answer[],
  { team, slot }: SlotOfTeam,
  from: number,
  limitMs: number,
): number | null {
  const bad = answers.filter(
    (answer) => answer.team === team && answer.slot === slot && answer.endedAt >= from && isBad(answer, limitMs),
  );
  return bad.length === 0 ? null : Math.min(...bad.map((answer) => answer.endedAt));
}

/** When the last request was sent that this slot answered, between the two times. */
export function lastRequestOn(
  answers: Answer[],
  { team, slot }: SlotOfTeam,
  from: number,
  to = Number.POSITIVE_INFINITY,
): number | null {
  let last: number | null = null;
  for (const answer of answers) {
    if (answer.team !== team || answer.slot !== slot || answer.sentAt < from || answer.sentAt > to) continue;
    if (last === null || answer.sentAt > last) last = answer.sentAt;
  }
  return last;
}

export interface RequestTotals {
  total: number;
  failed: number;
  /** Wrong answers of the versions that were meant to turn bad. */
  fromBadVersion: number;
  /** Answers outside 2xx of any other version. */
  wrong: number;
  byVersion: Record<string, Record<string, number>>;
  failures: { at: number; team: string; failure: string; status: number; slot: string | null }[];
}

const shownFailures = 20;

export function requestTotals(answers: Answer[], bad: BadVersion[], limitMs: (team: string) => number): RequestTotals {
  const totals: RequestTotals = {
    total: answers.length,
    failed: 0,
    fromBadVersion: 0,
    wrong: 0,
    byVersion: {},
    failures: [],
  };
  for (const answer of answers) {
    const { team, slot, status, failure, endedAt } = answer;
    if (answer.version !== null) {
      totals.byVersion[team] ??= {};
      const versions = totals.byVersion[team];
      versions[answer.version] = (versions[answer.version] ?? 0) + 1;
    }
    if (failure !== null) {
      totals.failed += 1;
      if (totals.failures.length < shownFailures) totals.failures.push({ at: endedAt, team, failure, status, slot });
    } else if (bad.some((one) => one.team === team && one.version === answer.version)) {
      if (isBad(answer, limitMs(team))) totals.fromBadVersion += 1;
    } else if (status < 200 || status > 299) totals.wrong += 1;
  }
  return totals;
}

/** When a slot lost its traffic, and until when its connections may stay open. */
export interface Drain {
  slot: string;
  lostTrafficAt: number;
  deadlineAt: number;
}

export interface SocketTotals {
  opened: number;
  /** Ended by 1001 after the drain deadline of their slot. */
  drained: number;
  /** Ended in any other way than that or by the client. */
  cut: number;
  echoesLost: number;
  cuts: { at: number; slot: string | null; code: number | null }[];
}

/** Two processes' clocks and a timer's grain lie between the deadline and when its close is seen. */
const clockToleranceMs = 20;

export function socketTotals(events: SocketEvent[], drains: Drain[]): SocketTotals {
  const totals: SocketTotals = { opened: 0, drained: 0, cut: 0, echoesLost: 0, cuts: [] };
  for (const event of events) {
    if (event.event === "opened") totals.opened += 1;
    if (event.event === "echo-lost") totals.echoesLost += 1;
    if (event.own || (event.event !== "closed" && event.event !== "refused")) continue;
    const drain = drains.findLast((one) => one.slot === event.slot && one.lostTrafficAt <= event.at);
    if (event.code === 1001 && drain && event.at >= drain.deadlineAt - clockToleranceMs) {
      totals.drained += 1;
    } else {
      totals.cut += 1;
      totals.cuts.push({ at: event.at, slot: event.slot, code: event.code });
    }
  }
  return totals;
}
