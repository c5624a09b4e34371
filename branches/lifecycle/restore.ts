import { SwitchyardError } from "../../config/errors";
import { refused } from "./checkouts";
import type { BranchEvent, BranchHistory } from "./history";
import { moveShared } from "./move";
import { commitOf, fetchShared, keptRefs, sharedKeptRefs, sharedRefs, type Workspace } from "./workspace";

/**
 * Brings a branch back that `finish` or `prune` took away, on whatever machine that was: as it was the last time. Throws
 * `unknown-ref`, `branch-refused`.
 */
export async function restoreBranch(
  workspace: Workspace,
  history: BranchHistory,
  branch: string,
): Promise<BranchEvent> {
  await fetchShared(workspace);
  const { git, remote, who } = workspace;
  const taken =
    (await commitOf(workspace, sharedRefs(workspace) + branch)) ?? (await commitOf(workspace, `refs/heads/${branch}`));
  if (taken !== undefined) throw refused(branch, "it is there", `Work on it: \`git switch ${branch}\`.`);
  const kept = [keptRefs, sharedKeptRefs].map((prefix) => `${prefix}${branch}`);
  const [commit] = (await git.text(["for-each-ref", "--sort=-committerdate", "--format=%(objectname)", ...kept])).split(
    "\n",
  );
  if (!commit) {
    throw new SwitchyardError(
      "unknown-ref",
      `No branch ${branch} was taken away by switchyard, here or on the remote.`,
      {
        next: "Look for its last commit with `git reflog`, and bring it back with `git branch <name> <commit>`.",
      },
    );
  }
  if (!(await moveShared(workspace, [{ ref: `refs/heads/${branch}`, from: null, to: commit }])))
    throw refused(branch, "somebody else made it just now", `Work on it: \`git switch ${branch}\`.`);
  if (remote !== null) await git.run(["branch", "--quiet", "--track", branch, `${remote}/${branch}`]);
  const detail = `brought back as it was at ${commit.slice(0, 10)}`;
  return history.write({ branch, action: "restore", who, before: null, after: commit, detail });
}
