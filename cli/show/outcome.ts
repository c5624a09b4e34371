/** What a release's outcome means for a person, and for a pipeline. */
import type { Outcome, ReleaseReport } from "../../automation/api";
import { exitCodes } from "../../config/errors";
import type { Style } from "./paint";

/** What was asked for: after `switchyard rollback`, a version that was rolled back is a success. */
export type Asked = "release" | "rollback";

export function succeeded(outcome: Outcome, asked: Asked): boolean {
  return outcome === "settled" || outcome === "resumed" || (asked === "rollback" && outcome === "rolled-back");
}

export function exitCodeOf(outcome: Outcome, asked: Asked, interrupted: boolean): number {
  if (succeeded(outcome, asked)) return exitCodes.ok;
  switch (outcome) {
    case "rolled-back":
      return exitCodes.rolledBack;
    case "halted":
      return exitCodes.halted;
    case "aborted":
      return interrupted ? exitCodes.interrupted : exitCodes.refused;
    case "refused":
    case "settled":
    case "resumed":
      return exitCodes.refused;
    default:
      return outcome satisfies never;
  }
}

export function colourOf(outcome: Outcome): Style {
  if (outcome === "settled" || outcome === "resumed") return "green";
  return outcome === "halted" || outcome === "aborted" ? "yellow" : "red";
}

/** What to do now; undefined: nothing. */
export function nextAfter({ outcome, team, environment, from, next }: ReleaseReport): string | undefined {
  const target = `${team} ${environment}`;
  switch (outcome) {
    case "settled":
    case "resumed":
      return undefined;
    case "refused":
      if (next !== undefined) return `${next} ${stillServes(from)}`;
      return `Repair the version and deploy it again; \`switchyard logs ${target}\` has what it wrote. ${stillServes(from)}`;
    case "rolled-back":
      return `Repair the version and deploy it again; \`switchyard history ${environment} --team ${team}\` keeps the evidence. ${stillServes(from)}`;
    case "halted":
      return `Look at \`switchyard status ${environment}\`, then decide: \`switchyard resume ${target}\` or \`switchyard rollback ${target}\`.`;
    case "aborted":
      return `Deploy again when you are ready. ${stillServes(from)}`;
    default:
      return outcome satisfies never;
  }
}

const stillServes = (from: string | null) => (from === null ? "No version is live." : `${from} serves as before.`);
