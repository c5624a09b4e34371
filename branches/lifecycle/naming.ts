import { SwitchyardError } from "../../config/errors";
import type { TeamConfig } from "../../config/team";

export type Teams = Readonly<Record<string, Pick<TeamConfig, "branchPrefix" | "branches">>>;

/** `feature/realtime` and `cursors` -> `feature/realtime-cursors`. Throws `branch-invalid`. */
export function branchName(team: string, { branchPrefix, branches }: Teams[string], topic: string): string {
  // what is typed may be the whole name already
  const short = topic.startsWith(`${branchPrefix}-`) ? topic.slice(branchPrefix.length + 1) : topic;
  const allowed = new RegExp(`^(?:${branches.topic})$`);
  if (!allowed.test(short) || short.endsWith(".lock") || short.length > 100) {
    throw new SwitchyardError(
      "branch-invalid",
      `${JSON.stringify(topic)} is no topic that team ${team} allows: it must match ${branches.topic}.`,
      { next: "Use lower-case words with hyphens, for example `cursor-colours`.", facts: { team, topic } },
    );
  }
  return `${branchPrefix}-${short}`;
}

/** The team with the longest prefix that the branch begins with. */
export function teamOf(teams: Teams, branch: string): string | undefined {
  const owners = Object.entries(teams).filter(([, { branchPrefix }]) => branch.startsWith(branchPrefix));
  return owners.sort(([, a], [, b]) => b.branchPrefix.length - a.branchPrefix.length)[0]?.[0];
}
