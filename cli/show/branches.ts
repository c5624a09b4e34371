import type { BranchEvent, ListedBranch, Prunable } from "../../branches/lifecycle";
import type { Paint } from "./paint";
import { table } from "./table";
import { clockTime, shortVersion } from "./words";

export const eventLine = ({ branch, action, detail }: BranchEvent, paint: Paint): string =>
  `${paint("green", "✓")} ${action} ${branch}: ${detail}`;

export function historyLines(events: BranchEvent[], paint: Paint): string[] {
  if (events.length === 0) return ["Nothing was done to a branch from this folder yet."];
  return table(
    events.map(({ at, action, branch, who, before, after, detail }) => [
      clockTime(at),
      action,
      branch,
      `${before === null ? "none" : shortVersion(before)} -> ${after === null ? "none" : shortVersion(after)}`,
      who,
      paint("dim", detail),
    ]),
  );
}

export function listLines(branches: ListedBranch[], paint: Paint): string[] {
  if (branches.length === 0) return ["There are no branches of the teams."];
  return table(
    branches.map((each) => [
      each.branch,
      each.team,
      stateText(each, paint),
      cloneText(each),
      shortVersion(each.commit),
      each.author,
    ]),
  );
}

function stateText({ state, upToDate, conflicts }: ListedBranch, paint: Paint): string {
  switch (state) {
    case "clean":
      return upToDate ? paint("green", "up to date") : "merges";
    case "conflict":
      return paint("red", `conflicts with the base in ${conflicts.join(", ")}`);
    case "merged":
      return paint("dim", "nothing that the base has not");
    case "unrelated":
      return paint("yellow", "another history");
    default:
      return state satisfies never;
  }
}

const cloneText = ({ clone }: ListedBranch): string =>
  clone === "same" ? "" : clone === "absent" ? "not here" : `here: ${clone}`;

export function prunableLines(found: Prunable[], paint: Paint): string[] {
  const going = found.filter(({ keep }) => keep === undefined);
  const rows = found.map(({ branch, commit, landed, keep }) => [
    keep === undefined ? paint("yellow", "goes") : "stays",
    branch,
    shortVersion(commit),
    keep ?? (landed === "squashed" ? "the base has what it changed" : "the base has its commits"),
  ]);
  const next =
    going.length > 0 ? "next: `switchyard branch prune --apply`; `restore` brings each back" : "Nothing to take away.";
  return [...table(rows), next];
}
