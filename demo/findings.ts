/** What users saw of a release: its row in the report, from what its drivers said and what the load generator saw. */
import type { Recording } from "./load";
import { type Drain, firstBadAnswer, lastRequestOn } from "./measure";
import type { Release } from "./report";
import type { Run } from "./run";

/** When operations began that give `slot` all of the traffic, oldest first. */
function switchesTo(slot: string, { report, journal }: Run): number[] {
  const told = report.switches.filter(({ weights }) => weights[slot] === 100).map(({ startedAt }) => startedAt);
  // A driver that was killed in the operation never came to tell of it; its intent is in the journal.
  const intended = journal.flatMap(({ kind, at, data }) => {
    const { config } = data as { config?: { weights: Record<string, number> } };
    return kind === "write" && config?.weights[slot] === 100 ? [at] : [];
  });
  return [...told, ...intended].map((at) => Date.parse(at)).sort((a, b) => a - b);
}

interface Moves {
  switchAt: number;
  /** The last request on the old slot. */
  switchedAt: number;
  bad: { from: number; lastRequestAt: number } | null;
}

/** null: no user ever came to the new version. */
function movesOf(run: Run, { answers }: Recording, limitMs: number): Moves | null {
  const { team, label, report, startedAt, endedAt } = run;
  const { from, to } = report;
  const met = answers.find((one) => one.team === team && one.slot === to && one.version === label);
  if (!met) return null;
  const switchAt = switchesTo(to, run).findLast((at) => at <= met.endedAt) ?? startedAt;
  const backAt = from === null ? undefined : switchesTo(from, run).find((at) => at > met.endedAt);
  const switchedAt = from === null ? null : lastRequestOn(answers, { team, slot: from }, switchAt, backAt ?? endedAt);
  const badFrom = firstBadAnswer(answers, { team, slot: to }, switchAt, limitMs);
  const bad =
    badFrom === null
      ? null
      : { from: badFrom, lastRequestAt: lastRequestOn(answers, { team, slot: to }, badFrom, endedAt) ?? badFrom };
  return { switchAt, switchedAt: switchedAt ?? switchAt, bad };
}

export function releaseOf(run: Run, recording: Recording, limitMs: number): Release {
  const { team, ref, label, story, expected, report, kills } = run;
  const since = (at: number) => at - recording.startedAt;
  const moves = movesOf(run, recording, limitMs);
  const wasBack = report.outcome === "rolled-back" ? (moves?.bad ?? null) : null;
  const phases = report.phases.map(({ name, startedAt, ms }) => ({
    name: name as string,
    at: Date.parse(startedAt),
    ms,
  }));
  // The phase a driver died in never came to its end.
  for (const { boundary, phaseAt, at } of kills) {
    if (!phases.some((one) => one.at === phaseAt)) phases.push({ name: boundary.phase, at: phaseAt, ms: at - phaseAt });
  }
  return {
    team,
    version: report.version,
    ref,
    label,
    story,
    expected,
    outcome: report.outcome,
    startedAtMs: since(run.startedAt),
    phases: phases.sort((a, b) => a.at - b.at).map(({ name, at, ms }) => ({ name, startedAtMs: since(at), ms })),
    switchedAtMs: moves ? since(moves.switchedAt) : null,
    switchMs: moves ? moves.switchedAt - moves.switchAt : null,
    badAtMs: wasBack ? since(wasBack.from) : null,
    rolledBackAtMs: wasBack ? since(wasBack.lastRequestAt) : null,
    rollbackMs: wasBack ? wasBack.lastRequestAt - wasBack.from : null,
    userRequests: recording.answers.filter((answer) => answer.team === team && answer.version === label).length,
    kills: kills.map(({ boundary, weights, at }) => ({
      phase: boundary.phase,
      entry: boundary.kind,
      weights,
      atMs: since(at),
    })),
  };
}

/** Each time a slot lost its traffic in the release, and until when its connections may stay. */
export function drainsOf(run: Run, recording: Recording, limitMs: number, drainMs: number): Drain[] {
  const { from, to } = run.report;
  const moves = movesOf(run, recording, limitMs);
  if (!moves) return [];
  const drain = (slot: string, lostTrafficAt: number): Drain => ({
    slot,
    lostTrafficAt,
    deadlineAt: lostTrafficAt + drainMs,
  });
  return [
    ...(from === null ? [] : [drain(from, moves.switchedAt)]),
    ...(run.report.outcome === "rolled-back" && moves.bad ? [drain(to, moves.bad.lastRequestAt)] : []),
  ];
}
