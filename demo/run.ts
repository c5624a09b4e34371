/** One release as the demo tells it: what was to be shown, what its drivers said, and how it ended. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalEntry, ReleaseReport } from "../automation";
import { type Boundary, drive, type Told } from "./drive";
import { now } from "./load";
import { environment } from "./place";
import type { Outcome } from "./report";

export interface Plot {
  team: string;
  ref: string;
  /** What the version calls itself in its answers. */
  label: string;
  story: string;
  expected: Outcome;
  kill?: { weights: "before" | "after"; boundary: Boundary };
}

export interface Kill {
  boundary: Boundary;
  weights: "before" | "after";
  /** When the killed driver had entered the phase it died in, and when it died: milliseconds since 1970. */
  phaseAt: number;
  at: number;
}

export interface Run extends Plot {
  startedAt: number;
  endedAt: number;
  report: ReleaseReport;
  journal: JournalEntry[];
  kills: Kill[];
}

/** How long a team is without a driver before somebody resumes its release. */
const absentMs = 700;

/** Throws when a driver could not do its work at all; a release that ended otherwise than expected is in the report. */
export async function runRelease(
  plot: Plot,
  dir: string,
  onTold: (told: Told | { type: "killed"; boundary: Boundary } | { type: "resuming" }) => void,
  signal: AbortSignal,
): Promise<Run> {
  const startedAt = now();
  const journal: JournalEntry[] = [];
  let phaseAt = startedAt;
  const hear = (told: Told) => {
    if (told.type === "journal") journal.push(told.entry);
    if (told.type === "phase") phaseAt = Date.parse(told.at);
    onTold(told);
  };
  const order = { dir, environment, team: plot.team };
  const { kill } = plot;
  const ended = (report: ReleaseReport, kills: Kill[]): Run => ({
    ...plot,
    startedAt,
    endedAt: now(),
    report,
    journal,
    kills,
  });

  const first = await drive({ ...order, ref: plot.ref, dieAt: kill?.boundary ?? null }, hear, signal);
  if (first) return ended(first, []);
  if (!kill) throw new Error(`the driver of ${plot.team} was killed, and not by the demo`);
  const at = Date.parse(journal.at(-1)?.at ?? "");
  const killed: Kill = { ...kill, phaseAt: Math.min(phaseAt, at), at };
  onTold({ type: "killed", boundary: kill.boundary });
  await sleep(absentMs, undefined, { signal });
  onTold({ type: "resuming" });
  const second = await drive({ ...order, ref: null, dieAt: null }, hear, signal);
  if (!second) throw new Error(`the driver that resumed for ${plot.team} was killed, and not by the demo`);
  return ended(second, [killed]);
}
