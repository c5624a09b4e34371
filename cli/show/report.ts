/** A release that ended, in a few lines; and many of them, one line each. */
import type { GateResult, ReleaseReport } from "../../automation/api";
import { type Asked, colourOf, nextAfter, succeeded } from "./outcome";
import type { Paint } from "./paint";
import { table } from "./table";
import { clockTime, duration, shortVersion } from "./words";

export function reportLines(report: ReleaseReport, asked: Asked, paint: Paint): string[] {
  const { team, environment, ref, version, to, outcome, reason } = report;
  const good = succeeded(outcome, asked);
  const sign = good ? paint("green", "✓") : paint(colourOf(outcome), "✗");
  const what = good
    ? `${team} on ${environment}: ${ref} (${shortVersion(version)}) is live in ${to}`
    : `${team} on ${environment}: ${ref} (${shortVersion(version)}) ${standing(report)}`;
  const lines = [`${sign} ${paint("bold", outcome)}  ${what}  ${paint("dim", duration(totalMs(report)))}`];
  lines.push(`  ${reason}`);
  const next = good ? undefined : nextAfter(report);
  if (next !== undefined) lines.push(`next: ${next}`);
  return lines;
}

/** A halted release leaves its weights as they are: never let a person believe that the candidate is out. */
function standing({ outcome, switches, to }: ReleaseReport): string {
  const weight = switches.at(-1)?.weights[to] ?? 0;
  return outcome === "halted" && weight > 0 ? `in ${to} HAS ${weight} % OF THE TRAFFIC` : "is not live";
}

export function gateText({ gate, verdict, evidence }: GateResult, paint: Paint): string {
  return `${gate} ${paint(verdict === "pass" ? "green" : "yellow", verdict)}: ${evidence}`;
}

export function historyLines(reports: ReleaseReport[], environment: string, paint: Paint): string[] {
  if (reports.length === 0) return [`No release on ${environment} yet.`];
  const rows = reports.map((report) => [
    clockTime(report.phases[0]?.startedAt ?? ""),
    report.team,
    paint(colourOf(report.outcome), report.outcome),
    report.ref,
    shortVersion(report.version),
    `${report.from ?? "nothing"} → ${report.to}`,
    duration(totalMs(report)),
    report.reason,
  ]);
  return table([
    ["started", "team", "outcome", "ref", "version", "slots", "took", "why"].map((t) => paint("dim", t)),
    ...rows,
  ]);
}

const totalMs = ({ phases }: ReleaseReport): number => phases.reduce((sum, { ms }) => sum + ms, 0);
