/** Each branch against the base, in the words of the matrix; `ours` is the branch. */
import type { Quarantine } from "../git";
import { classify, versionsOf } from "./classify";
import type { Change } from "./delta";
import type { BranchHistory } from "./history";
import type { HunkStore } from "./hunk-store";
import type { Base, Divergence, Landing } from "./landing";
import { conflictIn, filesOf } from "./pairs";
import type { BranchVerdict } from "./verdict";

export interface LandedBranch {
  name: string;
  history: BranchHistory;
  landing: Landing;
}

export async function branchVerdicts(
  quarantine: Quarantine,
  hunks: HunkStore,
  base: Base,
  branches: readonly LandedBranch[],
): Promise<BranchVerdict[]> {
  const texts = branches.flatMap(({ landing }) => (landing.state === "conflict" ? textsIn(landing.since) : []));
  await hunks.learn(
    quarantine,
    texts.flatMap(({ base, branch }) => [versionsOf(base), versionsOf(branch)]),
  );
  return branches.map(({ name, history, landing }) => {
    const about = { branch: name, commit: history.commit };
    switch (landing.state) {
      case "merged":
        return { ...about, state: "merged", upToDate: history.commit === base.commit, files: [] };
      case "unrelated":
        return { ...about, state: "unrelated", upToDate: false, files: [] };
      case "landed":
        return { ...about, state: "clean", upToDate: history.forks.has(base.commit), files: [] };
      case "conflict": {
        const known = textsIn(landing.since).flatMap(({ path, kind, base, branch }) => {
          const file = conflictIn(path, kind, hunks.of(versionsOf(branch)), hunks.of(versionsOf(base)));
          return file ? [file] : [];
        });
        return { ...about, state: "conflict", upToDate: false, files: filesOf(landing.conflicts, known) };
      }
      default:
        return landing satisfies never;
    }
  });
}

function textsIn(since: Divergence | undefined): { path: string; kind: string; base: Change; branch: Change }[] {
  return [...(since?.branch.changes ?? [])].flatMap(([path, branch]) => {
    const base = since?.base.changes.get(path);
    if (!since || !base || classify(base, branch, since.base, since.branch) !== "text") return [];
    return [{ path, kind: branch.kind === "added" ? "add/add" : "content", base, branch }];
  });
}
