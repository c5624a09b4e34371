/** The hunks between two versions of a file, by content: a version is compared with its base once, however many branches have it. */
import type { Quarantine } from "../git";
import { createPatchReader, type FileDiff } from "./patch";

export interface Versions {
  /** Blobs; null: the file is new. */
  base: string | null;
  side: string;
}

export interface HunkStore {
  /** Compares what is not known yet, all in one git process. */
  learn(quarantine: Quarantine, wanted: readonly Versions[]): Promise<void>;
  /** Throws where nobody learned it. */
  of(versions: Versions): FileDiff;
  /** Forgets everything else. */
  keep(used: readonly Versions[]): void;
}

/** A larger file is not looked into; whether it merges, git says when it is asked. */
const largestText = "8m";

/**
 * As git merges: histogram and no indent heuristic (merge-ort.c, merge_start). With a line of context, because without any the
 * diff first cuts off the common end of both files, and the merge does not.
 */
const asInMerge = [
  "--diff-algorithm=histogram",
  "--no-indent-heuristic",
  "-U1",
  "--inter-hunk-context=0",
  "--no-ext-diff",
  "--no-textconv",
  "--no-renames",
  "--no-color",
  "--src-prefix=a/",
  "--dst-prefix=b/",
];

export function createHunkStore(): HunkStore {
  const known = new Map<string, FileDiff>();
  return {
    async learn(quarantine, wanted) {
      const missing = [...new Map(wanted.map((pair) => [keyOf(pair), pair])).values()].filter(
        (pair) => !known.has(keyOf(pair)),
      );
      if (missing.length === 0) return;
      const [bases = "", sides = ""] = await writeTrees(quarantine, missing);
      const reader = createPatchReader();
      const limit = ["-c", `core.bigFileThreshold=${largestText}`];
      await quarantine.inPlain([...limit, "diff-tree", "-r", "-p", ...asInMerge, bases, sides], {
        onOutput: reader.take,
      });
      const found = reader.end();
      missing.forEach((pair, i) => {
        known.set(keyOf(pair), found.get(String(i)) ?? []);
      });
    },
    of(versions) {
      const diff = known.get(keyOf(versions));
      if (diff === undefined) throw new Error(`nobody compared ${versions.base} with ${versions.side}`);
      return diff;
    },
    keep(used) {
      const kept = new Set(used.map(keyOf));
      for (const key of known.keys()) if (!kept.has(key)) known.delete(key);
    },
  };
}

const keyOf = ({ base, side }: Versions): string => `${base} ${side}`;

/** Two trees whose files are the versions to compare, by number, so that one diff of trees compares them all. */
async function writeTrees(quarantine: Quarantine, pairs: readonly Versions[]): Promise<string[]> {
  const entry = (blob: string, name: string | number) => `100644 blob ${blob}\t${name}\n`;
  // a file that both trees have, since git makes no tree of nothing
  const both = entry(pairs[0]?.side ?? "", "both");
  const bases = pairs.map(({ base }, i) => (base === null ? "" : entry(base, i))).join("");
  const sides = pairs.map(({ side }, i) => entry(side, i)).join("");
  const input = `${both}${bases}\n${both}${sides}`;
  const { stdout } = await quarantine.inPlain(["mktree", "--batch", "--missing"], { input });
  return stdout.toString().trimEnd().split("\n");
}
