/** A release while it runs: what was seen so far, and the picture of it that a terminal shows. */
import type { GateResult, Phase } from "../../automation/api";
import type { Paint } from "./paint";
import { gateText } from "./report";
import { cut, duration } from "./words";

export interface Progress {
  title: string;
  /** ms since 1970, as all times here */
  startedAt: number;
  phases: { name: Phase; startedAt: number; gates: GateResult[] }[];
  endedAt: number | undefined;
  /** The last line of a build or an engine. */
  line: string;
  /** Sentences said beside it, for example what Ctrl-C does. */
  notes: string[];
}

export const newProgress = (title: string, startedAt: number): Progress => ({
  title,
  startedAt,
  phases: [],
  endedAt: undefined,
  line: "",
  notes: [],
});

/**
 * One line for each phase with its time; the running one is marked and has the last line of output below. No line wraps,
 * since whoever redraws them counts lines.
 */
export function progressLines(progress: Progress, now: number, columns: number, paint: Paint): string[] {
  const { title, startedAt, phases, endedAt, line, notes } = progress;
  const took = duration((endedAt ?? now) - startedAt);
  const lines = [`${paint("bold", cut(title, columns - took.length - 3))}  ${paint("dim", took)}`];
  phases.forEach(({ name, startedAt: began, gates }, i) => {
    const until = phases[i + 1]?.startedAt ?? endedAt;
    lines.push(`  ${signOf(until, gates, paint)} ${name.padEnd(10)}${duration((until ?? now) - began)}`);
    for (const gate of gates) {
      const room = columns - gate.gate.length - gate.verdict.length - 8;
      lines.push(`    ${gateText({ ...gate, evidence: cut(gate.evidence, room) }, paint)}`);
    }
  });
  if (line !== "" && endedAt === undefined) lines.push(paint("dim", `    ${cut(line, columns - 5)}`));
  lines.push(...notes.map((note) => paint("yellow", cut(note, columns - 1))));
  return lines;
}

function signOf(until: number | undefined, gates: GateResult[], paint: Paint): string {
  if (gates.some(({ verdict }) => verdict !== "pass")) return paint("red", "✗");
  return until === undefined ? paint("cyan", "●") : paint("green", "✓");
}
