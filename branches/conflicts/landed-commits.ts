import type { Quarantine } from "../git";
import type { Base } from "./landing";
import { tryMerges, writeMergeCommits } from "./merges";
import type { Branch } from "./population";

/**
 * Commits of branches merged with the base, for git to merge with each other; in the quarantine, made once. They are merges and no
 * copies, so that branches with commits in common keep these as their common ancestors.
 */
export async function landedCommits(
  quarantine: Quarantine,
  base: Base,
  branches: readonly Branch[],
): Promise<string[]> {
  const open = branches.filter(({ landed }) => landed === undefined);
  const unmerged = open.filter(({ landing }) => landing.state === "landed" && landing.tree === undefined);
  const merges = await tryMerges(
    quarantine,
    unmerged.map(({ history }) => ({ ours: base.commit, theirs: history.commit })),
  );
  unmerged.forEach(({ name, landing }, i) => {
    const merge = merges[i];
    if (!merge?.clean) throw new Error(`the index says that ${name} lands on the base, and git says that it does not`);
    if (landing.state === "landed") landing.tree = merge.tree;
  });
  const commits = await writeMergeCommits(
    quarantine,
    open.map(({ history, landing }) => ({
      tree: (landing.state === "landed" ? landing.tree : undefined) ?? history.tree,
      parents: [base.commit, history.commit],
    })),
  );
  open.forEach((branch, i) => {
    branch.landed = commits[i];
  });
  return branches.map(({ landed }) => landed ?? "");
}
