import type { Planned } from "../../automation/api";
import type { Paint } from "./paint";
import { shortVersion, weightsText } from "./words";

export function planLines(plan: Planned, target: { team: string; environment: string }, paint: Paint): string[] {
  const { live, weights } = plan.rollback;
  const back =
    live === null ? "no version live, weights 0: this is the first one" : `${live} live, ${weightsText(weights)}`;
  return [
    paint("bold", `${target.team} on ${target.environment}: ${plan.ref} (${shortVersion(plan.version)})`),
    `  from      ${plan.from ?? "nothing is live"}`,
    `  to        ${plan.to}`,
    `  rollback  ${back}`,
    "",
    "What Pulumi would change to bring the candidate up:",
    ...plan.preview.trimEnd().split("\n"),
    "",
    "Nothing was changed.",
  ];
}
