/** A release while it runs: what was seen so far, and the picture of it that a terminal shows. */
import type { GateResult, Phase } from "../../automation/api";
import type { Paint } from "./paint";
import { gateText } from "./report";
import { cut, duration } from "./words";

export interface Progress {
  title: string;
  /** ms since 1970 */
  startedAt: number;
  phases: { name: Phase; startedAt: number; gates: GateResult[] }[];
  /** The last line of a build or an engine. */
  line: string;
  /** Sentences said beside it, for example what Ctrl-C does. */
  notes: string[];
}

export const newProgress = (title: string, startedAt: number): Progress => ({
  title,
  startedAt,
  phases: [],
  line: "",
  notes: [],
});

/**
 * One line for each phase with its time; the running one is marked and has the last line of output below. No line wraps,
 * since whoever redraws them counts lines.
 */
export function progressLines(progress: Progress, now: number, columns: number, paint: Paint): string[] {
  const lines = [`${paint("bold", progress.title)}  ${paint("dim", duration(now - progress.startedAt))}`];
  progress.phases.forEach(({ name, startedAt, gates }, i) => {
    const until = progress.phases[i + 1]?.startedAt;
    const sign = until === undefined ? paint("cyan", "●") : paint("green", "✓");
    lines.push(`  ${sign} ${name.padEnd(10)}${duration((until ?? now) - startedAt)}`);
    for (const gate of gates)
      lines.push(`    ${gateText({ ...gate, evidence: cut(gate.evidence, columns - 30) }, paint)}`);
  });
  if (progress.line !== "") lines.push(paint("dim", `    ${cut(progress.line, columns - 5)}`));
  lines.push(...progress.notes.map((note) => paint("yellow", cut(note, columns - 1))));
  return lines;
}
