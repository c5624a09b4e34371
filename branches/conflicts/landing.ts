/**
 * Each branch is first brought onto the base alone, so that all of them are compared with the same tree: the base as it is now.
 * That is also the question people have: not "could these two merge?" but "could both land?".
 */
import type { Quarantine } from "../git";
import { type Delta, readDeltas, type TreePair } from "./delta";
import type { BranchHistory } from "./history";
import { tryMerges } from "./merges";
import { createPathIndex, type PathIndex } from "./path-index";

export type Landing =
  /** The base has all its commits. */
  | { state: "merged" }
  /** It has no commit in common with the base. */
  | { state: "unrelated" }
  | { state: "conflict"; conflicts: { path: string; kind: string }[]; since: Divergence | undefined }
  /** `tree`: of the branch merged with the base, where that was needed to know the delta. */
  | { state: "landed"; delta: Delta; tree: string | undefined };

/** What branch and base did since they parted; where the base was merged in there is no such place. */
export interface Divergence {
  branch: Delta;
  base: Delta;
}

export interface Base {
  commit: string;
  tree: string;
}

/** In the order of the histories. Merges only where base and branch changed the same files, or base was merged into the branch. */
export async function land(
  quarantine: Quarantine,
  base: Base,
  histories: readonly BranchHistory[],
): Promise<Landing[]> {
  const landings = new Map<BranchHistory, Landing>();
  const open: { history: BranchHistory; fork: string; commit: string }[] = [];
  const toMerge = new Set<BranchHistory>();
  for (const history of histories) {
    const [first, ...others] = history.forks;
    if (history.own.size === 0) landings.set(history, { state: "merged" });
    else if (first === undefined) landings.set(history, { state: "unrelated" });
    else if (others.length > 0) toMerge.add(history);
    else open.push({ history, commit: first[0], fork: first[1] });
  }

  const pairs: TreePair[] = open.map(({ history, fork }) => ({ base: fork, side: history.tree }));
  const forks = [...new Set(open.filter(({ commit }) => commit !== base.commit).map(({ fork }) => fork))];
  const deltas = await readDeltas(quarantine, [...pairs, ...forks.map((fork) => ({ base: fork, side: base.tree }))]);
  const meanwhile = new Map<string, { delta: Delta; index: PathIndex }>();
  deltas.slice(pairs.length).forEach((delta, i) => {
    const index = createPathIndex();
    index.add("base", delta);
    meanwhile.set(forks[i] ?? "", { delta, index });
  });
  const since = new Map<BranchHistory, Divergence>();
  open.forEach(({ history, commit, fork }, i) => {
    const delta = deltas[i];
    if (delta === undefined) return;
    const moved = commit === base.commit ? undefined : meanwhile.get(fork);
    if (moved === undefined) landings.set(history, { state: "landed", delta, tree: history.tree });
    else if (areApart(delta, moved)) landings.set(history, { state: "landed", delta, tree: undefined });
    else {
      toMerge.add(history);
      since.set(history, { branch: delta, base: moved.delta });
    }
  });

  await mergeOntoBase(quarantine, base, [...toMerge], since, landings);
  return histories.map((history) => landings.get(history) ?? { state: "unrelated" });
}

async function mergeOntoBase(
  quarantine: Quarantine,
  base: Base,
  histories: readonly BranchHistory[],
  since: ReadonlyMap<BranchHistory, Divergence>,
  landings: Map<BranchHistory, Landing>,
): Promise<void> {
  const merges = await tryMerges(
    quarantine,
    histories.map(({ commit }) => ({ ours: base.commit, theirs: commit })),
  );
  const landed: { history: BranchHistory; tree: string }[] = [];
  histories.forEach((history, i) => {
    const merge = merges[i];
    if (merge?.clean) landed.push({ history, tree: merge.tree });
    else landings.set(history, { state: "conflict", conflicts: merge?.conflicts ?? [], since: since.get(history) });
  });
  const deltas = await readDeltas(
    quarantine,
    landed.map(({ tree }) => ({ base: base.tree, side: tree })),
  );
  landed.forEach(({ history, tree }, i) => {
    const delta = deltas[i];
    if (delta) landings.set(history, { state: "landed", delta, tree });
  });
}

/**
 * Whether the branch changes the base of today as it changed the one it left. Where both took files out of one folder, it may
 * be gone only now, and git may take that for a renamed folder.
 */
function areApart(branch: Delta, base: { delta: Delta; index: PathIndex }): boolean {
  if (base.index.sharing("", branch).size > 0 || base.index.entangled("", branch).size > 0) return false;
  if (!branch.canRename) return true;
  for (const folder of branch.thinnedFolders) if (base.delta.thinnedFolders.has(folder)) return false;
  return true;
}
