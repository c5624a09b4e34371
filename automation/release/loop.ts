import { SwitchyardError } from "../../config/errors";
import type { ReleaseReport } from "../api";
import type { Drive } from "./drive";
import { failure, perform, record } from "./effects";
import { type Effect, type Event, type Step, transition } from "./state";

/** How long an effect may take to stop when it is asked to; then it is left behind. */
const stopGraceMs = 1_500;

/** Runs effects until the release is over. Throws `lease-lost`, after which this driver changes nothing more. */
export async function run(drive: Drive, start: Step): Promise<ReleaseReport> {
  const { record: saved, journal, observer } = drive;
  let { release, effect } = start;
  for (;;) {
    saved.state = release;
    if (effect === null) break;
    const startedAt = new Date().toISOString();
    const began = performance.now();
    // the record first: a journal entry without its release would be nobody's
    drive.save();
    journal.write("intent", { phase: release.phase, effect });
    observer.phase?.(release.phase, startedAt);
    const event = await settled(drive, effect);
    if (drive.lost())
      throw new SwitchyardError("lease-lost", `Another driver took ${drive.stack.name} over; this one stopped.`);
    saved.report.phases.push({ name: release.phase, startedAt, ms: Math.round(performance.now() - began) });
    if (event.type === "gate") record(drive, event.result);
    journal.write("result", { phase: release.phase, event });
    ({ release, effect } = transition(release, event));
  }
  saved.report.outcome = release.verdict?.outcome ?? "halted";
  saved.report.reason = release.verdict?.reason ?? "";
  if (release.verdict?.next !== undefined) saved.report.next = release.verdict.next;
  drive.save();
  observer.phase?.("done", new Date().toISOString());
  return { ...saved.report, outcome: saved.report.outcome };
}

/**
 * The effect's event, or `abort` as soon as somebody asks for it. The way back itself cannot be aborted: it is what an
 * abort asks for.
 */
async function settled(drive: Drive, effect: Effect): Promise<Event> {
  const running = perform(drive, effect).catch(failure);
  if (effect.do === "roll-back" || effect.do === "clean") return running;
  const { signal } = drive.stop;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  const first = await Promise.race([running, aborted]);
  signal.removeEventListener("abort", onAbort);
  if (first !== "aborted" && !signal.aborted) return first;
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    running,
    new Promise((resolve) => {
      timer = setTimeout(resolve, stopGraceMs);
    }),
  ]);
  clearTimeout(timer);
  return { type: "abort", reason: signal.reason instanceof Error ? signal.reason.message : "aborted" };
}
