/** A release's events in words. */
import type { GateResult, Phase } from "../automation";
import type { Boundary, Told } from "./drive";
import type { Release } from "./report";
import type { Plot } from "./run";
import { paint, releaseEvent } from "./terminal";

const phases: Partial<Record<Phase, string>> = {
  stage: "stage    is built and started in the idle slot, without traffic",
  verify: "verify   its health is asked for",
  shift: "shift    the traffic moves to it",
  bake: "bake     it is watched under traffic",
  "roll-back": "roll back",
  clean: "clean    the candidate goes",
};

type Event = Told | { type: "killed"; boundary: Boundary } | { type: "resuming" };

/** The events of one release, each as a line on the terminal. */
export function narrator({ team, label }: Pick<Plot, "team" | "label">): (told: Event) => void {
  const tell = (text: string) => releaseEvent(team, label, text);
  return (told) => {
    switch (told.type) {
      case "phase": {
        const said = phases[told.phase];
        if (said) tell(said);
        return;
      }
      case "gate":
        if (told.result.verdict !== "pass") tell(paint("yellow", gateText(told.result)));
        return;
      case "killed":
        return tell(
          paint(
            "red",
            `the driver is killed with SIGKILL: in ${told.boundary.phase}, at the journal's "${told.boundary.kind}"`,
          ),
        );
      case "resuming":
        return tell("a new driver resumes the release");
      case "journal":
      case "report":
      case "failed":
        return;
      default:
        return told satisfies never;
    }
  };
}

const gateText = ({ gate, verdict, evidence }: GateResult) => `${gate}: ${verdict}: ${evidence}`;

/** How a release ended, as users saw it. */
export function conclude(release: Release): void {
  const { team, label, outcome, expected, phases: took, switchMs, rollbackMs } = release;
  const last = took.at(-1);
  const seconds = ((last ? last.startedAtMs + last.ms : release.startedAtMs) - release.startedAtMs) / 1_000;
  const seen = [
    ...(switchMs === null
      ? ["no user's request came to it"]
      : [`last request on the old slot ${whole(switchMs)} after the switch began`]),
    ...(rollbackMs === null ? [] : [`traffic back ${whole(rollbackMs)} after the first bad answer`]),
  ];
  const said =
    outcome === expected ? paint("green", outcome) : paint("red", `${outcome}, and ${expected} was expected`);
  releaseEvent(team, label, `${said} after ${seconds.toFixed(1)} s: ${seen.join(", ")}`);
}

export const whole = (ms: number): string => `${Math.round(ms)} ms`;
