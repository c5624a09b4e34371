/** Whether the base has a branch's work already: by its commits, or by what they changed (squashed, rebased, picked). */

import { readHistories, tryMerges } from "../conflicts";
import { openQuarantine, runGit } from "../git";
import type { Workspace } from "./workspace";

export type Landed =
  /** The base has its very commits. */
  | "merged"
  /** The base has what it changed. */
  | "squashed"
  /** It never had a commit of its own, as far as can be told. */
  | "empty"
  | "no";

/** In the order of the commits. */
export async function landedIn(workspace: Workspace, base: string, commits: readonly string[]): Promise<Landed[]> {
  const { git } = workspace;
  const quarantine = await openQuarantine(git);
  try {
    const histories = await readHistories(quarantine, base, commits);
    const mainLine = new Set((await git.text(["rev-list", "--first-parent", base])).split("\n"));
    const open = histories.filter(({ own, forks }) => own.size > 0 && forks.size > 0);
    const merges = await tryMerges(
      quarantine,
      open.map(({ commit }) => ({ ours: base, theirs: commit })),
    );
    const baseTree = await git.text(["rev-parse", `${base}^{tree}`]);
    const squashed = new Set<string>();
    for (const [i, { commit, forks }] of open.entries()) {
      const addsNothing = merges[i]?.clean === true && merges[i]?.tree === baseTree;
      if (addsNothing || (await samePatch(workspace, base, commit, [...forks.keys()]))) squashed.add(commit);
    }
    return histories.map(({ commit, own }): Landed => {
      if (own.size > 0) return squashed.has(commit) ? "squashed" : "no";
      // a commit of the base's own line was never only the branch's, unless it landed by fast-forward
      return mainLine.has(commit) ? "empty" : "merged";
    });
  } finally {
    await quarantine.remove();
  }
}

/** The base went on over the same lines since, so that a merge would not be empty: one of its commits is the branch's patch. */
async function samePatch({ git }: Workspace, base: string, commit: string, forks: readonly string[]): Promise<boolean> {
  const [fork] = forks;
  if (fork === undefined || forks.length > 1) return false;
  const patchIds = async (args: readonly string[]) => {
    const { stdout: patches } = await git.run(args);
    const { stdout } = await runGit(git.folder, ["patch-id", "--stable"], { input: patches });
    return stdout
      .toString()
      .split("\n")
      .map((line) => line.split(" ")[0] ?? "")
      .filter(Boolean);
  };
  const [whole] = await patchIds(["diff-tree", "-p", "-r", fork, commit]);
  if (whole === undefined) return false;
  return (
    await patchIds(["log", "-p", "--no-merges", "--no-ext-diff", "--format=commit %H", `${fork}..${base}`])
  ).includes(whole);
}
