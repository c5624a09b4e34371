import { SwitchyardError } from "../../config/errors";
import { tryMerges } from "../conflicts";
import { openQuarantine } from "../git";
import { refused } from "./checkouts";
import type { BranchEvent, BranchHistory } from "./history";
import { landedIn } from "./landed";
import { moveShared } from "./move";
import { dropFromClone, takingAway } from "./take-away";
import { baseCommit, commitOf, fetchShared, isAncestor, sharedRefs, type Workspace } from "./workspace";

const attempts = 3;

/**
 * Lands the branch on the base and takes it away: both or neither. By policy `rebase` the base moves forward to the branch, which must
 * have all of it; by `merge` it gets a merge commit. What the base has already is only taken away. Throws `branch-refused`,
 * `branch-conflict`.
 */
export async function finishBranch(
  workspace: Workspace,
  history: BranchHistory,
  { branch, policy }: { branch: string; policy: "rebase" | "merge" },
): Promise<BranchEvent> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await fetchShared(workspace);
    const commit = await commitOf(workspace, sharedRefs(workspace) + branch);
    if (commit === undefined) throw new SwitchyardError("unknown-ref", `There is no branch ${branch} to finish.`);
    await refuseUnshared(workspace, branch, commit);
    const base = await baseCommit(workspace);
    const [landed] = await landedIn(workspace, base, [commit]);
    if (landed === "empty")
      throw refused(branch, "it has no commits of its own", `Take it away with \`git branch -d ${branch}\`.`);
    const onto = landed === "no" ? await landedCommit(workspace, { branch, commit, base, policy }) : base;
    const moves = onto === base ? [] : [{ ref: `refs/heads/${workspace.base}`, from: base, to: onto }];
    const shared = workspace.remote === null ? moves : [...moves, ...takingAway(branch, commit)];
    if (shared.length > 0 && !(await moveShared(workspace, shared))) continue;
    const dropped = await dropFromClone(workspace, branch, commit);
    const how =
      onto === base
        ? `${workspace.base} had it already (${landed})`
        : `landed on ${workspace.base} as ${onto.slice(0, 10)}`;
    const detail = dropped ? how : `${how}; the clone's branch stays, since it is checked out or has other commits`;
    return history.write({ branch, action: "finish", who: workspace.who, before: commit, after: onto, detail });
  }
  throw refused(branch, `others pushed ${attempts} times meanwhile`, "Run the command again.");
}

async function refuseUnshared(workspace: Workspace, branch: string, commit: string): Promise<void> {
  const local = await commitOf(workspace, `refs/heads/${branch}`);
  if (local !== undefined && !(await isAncestor(workspace, local, commit)))
    throw refused(
      branch,
      "this clone has commits of it that the remote has not",
      `Run \`switchyard branch sync ${branch}\` first.`,
    );
}

async function landedCommit(
  workspace: Workspace,
  { branch, commit, base, policy }: { branch: string; commit: string; base: string; policy: "rebase" | "merge" },
): Promise<string> {
  if (await isAncestor(workspace, base, commit)) {
    if (policy === "rebase") return commit;
  } else if (policy === "rebase")
    throw refused(
      branch,
      `it does not have all of ${workspace.base}`,
      `Run \`switchyard branch sync ${branch}\` first.`,
    );
  const quarantine = await openQuarantine(workspace.git);
  try {
    const [merge] = await tryMerges(quarantine, [{ ours: base, theirs: commit }]);
    if (!merge?.clean) throw conflict(workspace, branch, merge?.conflicts.map(({ path }) => path) ?? []);
  } finally {
    await quarantine.remove();
  }
  // it merges: now for good, into the clone's own objects
  const { git } = workspace;
  const tree = (await git.text(["merge-tree", "--write-tree", "--no-messages", base, commit])).split("\n")[0] ?? "";
  return git.text(["commit-tree", tree, "-p", base, "-p", commit, "-m", `Merge ${branch}`]);
}

const conflict = ({ base }: Workspace, branch: string, files: readonly string[]): SwitchyardError =>
  new SwitchyardError(
    "branch-conflict",
    `${branch} and ${base} changed the same lines in ${[...new Set(files)].join(", ")}. Nothing was changed.`,
    {
      next: `Resolve it on the branch (\`switchyard branch sync ${branch}\` says how), then finish it.`,
      facts: { branch, files: [...new Set(files)] },
    },
  );
