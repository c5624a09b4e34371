/** A real repository's history as if its work were still open. Nothing is written into that repository. */

import { writeMergeCommits } from "../../branches/conflicts/merges";
import { openGit, runGit } from "../../branches/git";
import type { Generated } from "./generate";
import { random } from "./random";

/**
 * Where the history has merges: what the last ones merged, against the base before them. Else stretches of the history, each as
 * one commit, against a commit in the middle.
 */
export async function openHistory(
  from: string,
  dir: string,
  { branches, seed }: { branches: number; seed: number },
): Promise<Generated> {
  const source = await openGit(from);
  await runGit(source.folder, ["clone", "--quiet", "--shared", "--bare", source.gitDir, dir]);
  const repository = await openGit(dir);
  const merges = await repository.text([
    "rev-list",
    "--first-parent",
    "--min-parents=2",
    "--max-parents=2",
    "--parents",
    `--max-count=${branches}`,
    "HEAD",
  ]);
  const merged = merges
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" "));
  if (merged.length >= 20) {
    const base = merged.at(-1)?.[1] ?? "";
    return {
      repository,
      base,
      tips: new Map(merged.map(([, , topic = ""], i) => [`topic/${String(i).padStart(3, "0")}`, topic])),
    };
  }
  const dice = random(seed);
  const commits = (await repository.text(["log", "--first-parent", "--format=%H %T", "HEAD"]))
    .split("\n")
    .map((line) => line.split(" "));
  const middle = Math.floor(commits.length / 2);
  const stretches = Array.from({ length: branches }, () => {
    const start = middle + dice.below(commits.length - middle);
    const end = Math.max(0, start - 1 - dice.below(12));
    return { tree: commits[end]?.[1] ?? "", parents: [commits[start]?.[0] ?? ""] };
  });
  const place = { folder: dir, inPlain: (args: readonly string[], options?: object) => runGit(dir, args, options) };
  const oids = await writeMergeCommits(place, stretches);
  return {
    repository,
    base: commits[middle]?.[0] ?? "",
    tips: new Map(oids.map((oid, i) => [`stretch/${String(i).padStart(3, "0")}`, oid])),
  };
}
