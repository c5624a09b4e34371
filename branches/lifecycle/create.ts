import { SwitchyardError } from "../../config/errors";
import type { BranchEvent, BranchHistory } from "./history";
import { moveShared } from "./move";
import { branchName, type Teams } from "./naming";
import { baseCommit, commitOf, fetchShared, sharedRefs, type Workspace } from "./workspace";

/**
 * A branch of the team at the base as it is now, on the remote and in the clone. The checkout stays where it is. Of two people who
 * make the same one, one gets it. Throws `branch-invalid`, `branch-refused`, `repository-unfit`.
 */
export async function createBranch(
  workspace: Workspace,
  history: BranchHistory,
  { team, config, topic }: { team: string; config: Teams[string]; topic: string },
): Promise<BranchEvent> {
  const branch = branchName(team, config, topic);
  await fetchShared(workspace);
  const base = await baseCommit(workspace);
  const local = await commitOf(workspace, `refs/heads/${branch}`);
  if (local !== undefined || (await commitOf(workspace, sharedRefs(workspace) + branch)) !== undefined)
    throw taken(branch);
  if (!(await moveShared(workspace, [{ ref: `refs/heads/${branch}`, from: null, to: base }]))) throw taken(branch);
  const { git, remote, who } = workspace;
  if (remote !== null) await git.run(["branch", "--quiet", "--track", branch, `${remote}/${branch}`]);
  const detail = `made from ${workspace.base} for team ${team}`;
  return history.write({ branch, action: "create", who, before: null, after: base, detail });
}

const taken = (branch: string): SwitchyardError =>
  new SwitchyardError("branch-refused", `There is a branch ${branch} already.`, {
    next: `Take another topic, or work on it: \`git switch ${branch}\`.`,
    facts: { branch },
  });
