/** Git's own merge on every pair, in as few processes as there are steps. */

import { layOutAttributes } from "../../branches/conflicts/attributes";
import { tryMerges, writeMergeCommits } from "../../branches/conflicts/merges";
import { openQuarantine } from "../../branches/git";
import type { Generated } from "./generate";

export interface Judgement {
  /** Branches that conflict with the base or have nothing in common with it. */
  outside: Set<string>;
  /** Of each pair of the others, `ours theirs`: the paths in conflict. */
  pairs: Map<string, string[]>;
}

const perProcess = 400;

export async function judgeByGit({ repository, tips, base }: Generated): Promise<Judgement> {
  const quarantine = await openQuarantine(repository);
  try {
    await layOutAttributes(quarantine, base);
    const names = [...tips.keys()].sort();
    const onBase = await tryMerges(
      quarantine,
      names.map((name) => ({ ours: base, theirs: tips.get(name) ?? "" })),
    );
    const outside = new Set(names.filter((_, i) => !onBase[i]?.clean));
    const landed = names.flatMap((name, i) => (outside.has(name) ? [] : [{ name, tree: onBase[i]?.tree ?? "" }]));
    const commits = await writeMergeCommits(
      quarantine,
      landed.map(({ name, tree }) => ({ tree, parents: [base, tips.get(name) ?? ""] })),
    );
    const wanted = landed.flatMap(({ name }, i) =>
      landed.slice(i + 1).map((other, n) => ({
        key: `${name} ${other.name}`,
        ours: commits[i] ?? "",
        theirs: commits[i + 1 + n] ?? "",
      })),
    );
    const pairs = new Map<string, string[]>();
    for (let at = 0; at < wanted.length; at += perProcess) {
      const batch = wanted.slice(at, at + perProcess);
      const throwAway = await openQuarantine(repository, quarantine);
      try {
        const merges = await tryMerges(throwAway, batch);
        batch.forEach(({ key }, i) => {
          const paths = merges[i]?.clean ? [] : (merges[i]?.conflicts.map(({ path }) => path) ?? []);
          if (merges[i]?.clean === false && paths.length === 0) paths.push("(git names no path)");
          pairs.set(key, [...new Set(paths)].sort());
        });
      } finally {
        await throwAway.remove();
      }
    }
    return { outside, pairs };
  } finally {
    await quarantine.remove();
  }
}
