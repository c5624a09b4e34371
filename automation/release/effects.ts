/** What each effect of the state machine does in the world. Each ends with one event, and can be done again. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messageOf, SwitchyardError } from "../../config/errors";
import { parseDurationMs } from "../../config/units";
import type { GateResult } from "../api";
import { bakeGate, branchGate, converged, healthGate, weightsGate } from "../gates";
import { materialise } from "../source";
import { type Drive, readTruth } from "./drive";
import { putBack } from "./put-back";
import type { Effect, Event } from "./state";
import { write } from "./write";

const done: Event = { type: "done" };
/** A proof takes milliseconds. Until then a cold version's first answers are not held against it. */
const usualProofMs = 1_000;
/** Longer than the proof of a switch can take. */
const longestProofMs = 60_000;

export async function perform(drive: Drive, effect: Effect): Promise<Event> {
  const { signal } = drive.stop;
  switch (effect.do) {
    case "plan":
      return done;
    case "admit":
      return admit(drive);
    case "stage":
      return stage(drive, signal);
    case "verify":
      return {
        type: "gate",
        result: await healthGate(drive.live, drive.record.report.to, drive.settings.config, signal),
      };
    case "shift":
      return shift(drive, effect.percent, signal);
    case "bake":
      return bake(drive, effect.last, signal);
    case "settle":
      return settle(drive, signal);
    case "roll-back":
      return rollBack(drive);
    case "clean":
      return clean(drive);
    default:
      return effect satisfies never;
  }
}

async function admit(drive: Drive): Promise<Event> {
  const { state, live, config } = await readTruth(drive);
  const { before } = drive.record;
  const found = { live: config.live, weights: config.weights, slots: config.slots };
  if (!isDeepStrictEqual(found, { ...before, slots: drive.config.slots }))
    return { type: "failed", reason: "another release changed the team before this one had its turn: deploy it again" };
  const result = weightsGate(state, live);
  // nobody knows yet who is right, so nothing is moved
  if (result.verdict !== "pass")
    return { type: "halt", reason: `${result.gate}: ${result.evidence}; \`switchyard resume\` makes them agree` };
  record(drive, result);
  const { dir: projectDir, artifactsDir } = drive.project;
  return { type: "gate", result: await branchGate(drive.settings, drive.record.report, { projectDir, artifactsDir }) };
}

/** Builds the version, waits until the idle slot's last connections are gone, and starts the candidate at weight 0. */
async function stage(drive: Drive, signal: AbortSignal): Promise<Event> {
  const { project, settings, record } = drive;
  const { to, version, ref } = record.report;
  const { source } = settings.config;
  const onLine = drive.observer.line;
  const { directory } = await materialise(source, version, {
    projectDir: project.dir,
    artifactsDir: project.artifactsDir,
    signal,
    ...(onLine && { onLine }),
  });
  record.candidate = { version, ref, artifact: directory, start: source.start };
  drive.save();
  await drained(drive, to, signal);
  await write(drive, { slots: { ...drive.config.slots, [to]: record.candidate } }, { signal });
  return done;
}

/** Connections that the slot kept from its last release are not cut: their drain has a deadline, which ends this wait. */
async function drained(drive: Drive, slot: string, signal: AbortSignal): Promise<void> {
  const until = Date.now() + parseDurationMs(drive.settings.config.release.drain) + 5_000;
  while (Date.now() < until) {
    const counters = (await drive.live.traffic().catch(() => undefined))?.slots[slot];
    if (!counters || counters.inFlight + counters.webSockets === 0) return;
    await sleep(50, undefined, { signal });
  }
}

async function shift(drive: Drive, percent: number, signal: AbortSignal): Promise<Event> {
  const { to, from } = drive.record.report;
  const weights = weightsFor(drive, from === null ? { [to]: 100 } : { [to]: percent, [from]: 100 - percent });
  await write(drive, { weights }, { signal });
  if (percent < 100) return done;
  const proven = new AbortController();
  const proving = AbortSignal.any([signal, proven.signal]);
  try {
    // users are there already: when the proof takes long, a version that is bad from the start must not outlast it
    const result = await Promise.race([
      converged(drive.live, probePath(drive), to, proving),
      firstBrokenRule(drive, proving),
    ]);
    record(drive, result);
    return result.verdict === "pass" ? done : { type: "failed", reason: `${result.gate}: ${result.evidence}` };
  } finally {
    proven.abort();
  }
}

/** Resolves only when the candidate breaks a rule; whether it keeps them is the bake's to say. */
async function firstBrokenRule(drive: Drive, signal: AbortSignal): Promise<GateResult> {
  const { live, record: saved } = drive;
  const watch = {
    live,
    slot: saved.report.to,
    probePath: probePath(drive),
    durationMs: longestProofMs,
    share: 1,
    signal,
  };
  const never = new Promise<never>(() => undefined);
  const watched = sleep(usualProofMs, undefined, { signal }).then(() => bakeGate(watch));
  const result = await watched.catch(() => never);
  return result.verdict === "fail" ? result : never;
}

async function bake(drive: Drive, last: boolean, signal: AbortSignal): Promise<Event> {
  const { release } = drive.settings.config;
  const durationMs = parseDurationMs(last ? release.bake : release.stepBake);
  const result = await bakeGate({
    live: drive.live,
    slot: drive.record.report.to,
    probePath: probePath(drive),
    durationMs,
    share: drive.record.report.from === null ? 1 : (drive.record.state.steps[drive.record.state.step] ?? 100) / 100,
    signal,
  });
  return { type: "gate", result };
}

/** The candidate is live; the old slot stays as it is until its warm window is over, and then the platform ends it. */
async function settle(drive: Drive, signal: AbortSignal): Promise<Event> {
  const { to, from } = drive.record.report;
  const slots = { ...drive.config.slots };
  const old = from === null ? null : (slots[from] ?? null);
  if (from !== null && old !== null) slots[from] = { ...old, stopAfter: inFuture(drive.settings.config.release.warm) };
  await write(drive, { live: to, slots }, { signal });
  return done;
}

async function rollBack(drive: Drive): Promise<Event> {
  const { before } = drive.record;
  await putBack(drive, before);
  record(drive, await converged(drive.live, probePath(drive), before.live, new AbortController().signal));
  return done;
}

/**
 * The slot with the traffic loses its end, if it had one. The candidate goes: at once where it never had traffic, else when
 * its last connections are gone. A slot that the candidate never came to keeps what it has: that is the way back.
 */
async function clean(drive: Drive): Promise<Event> {
  const { candidate, state } = drive.record;
  const { hadTraffic } = state;
  const now = new Date().toISOString();
  const slots = Object.fromEntries(
    Object.entries(drive.config.slots).map(([slot, version]) => {
      if (version === null) return [slot, null];
      const { stopAfter, ...kept } = version;
      if ((drive.config.weights[slot] ?? 0) > 0) return [slot, kept];
      if (!hadTraffic && isDeepStrictEqual(version, candidate)) return [slot, null];
      return [slot, { ...kept, stopAfter: stopAfter ?? now }];
    }),
  );
  // after traffic moved there is always an operation, because the way back may have gone past the stack
  if (hadTraffic || !isDeepStrictEqual(slots, drive.config.slots)) await write(drive, { slots });
  return done;
}

export function record(drive: Drive, result: Parameters<NonNullable<Drive["observer"]["gate"]>>[0]): void {
  drive.record.report.gates.push(result);
  drive.observer.gate?.(result);
}

const inFuture = (duration: string): string => new Date(Date.now() + parseDurationMs(duration)).toISOString();

const probePath = (drive: Drive): string => drive.settings.config.health.endpoints[0] ?? "/";

const weightsFor = (drive: Drive, weights: Record<string, number>): Record<string, number> =>
  Object.fromEntries(drive.settings.slots.map(({ name }) => [name, weights[name] ?? 0]));

/** An effect that threw is an event too: its sentence is the reason. */
export const failure = (thrown: unknown): Event => ({
  type: "failed",
  reason: messageOf(thrown),
  ...(thrown instanceof SwitchyardError && { next: thrown.next }),
});
