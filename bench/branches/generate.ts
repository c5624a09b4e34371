/** Repositories in which branches meet in every way that git knows. */

import type { GitRepository } from "../../branches/git";
import { change, firstFiles } from "./changes";
import { type File, type GeneratedCommit, importCommits } from "./import";
import { type Random, random } from "./random";

export interface Generated {
  repository: GitRepository;
  /** Commits, by name of the branch; `main` is the base. */
  tips: Map<string, string>;
  base: string;
}

/** `moved`: the base moves meanwhile, and branches are stacked, brought up to date, or left behind; else all begin at its tip. */
export async function generate(
  dir: string,
  { seed, branches, moved }: { seed: number; branches: number; moved: boolean },
): Promise<Generated> {
  const dice = random(seed);
  const commits: GeneratedCommit[] = [{ branch: "main", files: firstFiles(dice, 24), parents: [] }];
  const main = [0];
  for (let i = 0; moved && i < 4; i++) {
    const last = main.at(-1) ?? 0;
    const files = change(filesOf(commits, last), dice, 1 + dice.below(3));
    main.push(commits.push({ branch: "main", files, parents: [last] }) - 1);
  }
  const tips: number[] = [];
  for (let i = 0; i < branches; i++) {
    const branch = `team/b${i}`;
    const start = moved ? startOf(dice, main, tips) : 0;
    let tip =
      commits.push({ branch, files: change(filesOf(commits, start), dice, 1 + dice.below(5)), parents: [start] }) - 1;
    if (moved && dice.chance(0.15)) tip = commits.push(bringUpToDate(commits, branch, tip, dice.pick(main))) - 1;
    tips.push(tip);
  }
  const repository = await importCommits(dir, commits);
  const listed = await repository.text(["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"]);
  const all = new Map(listed.split("\n").map((line) => line.split(" ") as [string, string]));
  const base = all.get("main") ?? "";
  all.delete("main");
  return { repository, tips: all, base };
}

const filesOf = (commits: readonly GeneratedCommit[], at: number) => commits[at]?.files ?? new Map<string, File>();

/** Mostly a commit of the base, old or new; now and then another branch. */
const startOf = (dice: Random, main: readonly number[], tips: readonly number[]): number =>
  tips.length > 0 && dice.chance(0.12) ? dice.pick(tips) : dice.pick(main);

/** A merge of the base that takes the branch's version of every file. */
function bringUpToDate(
  commits: readonly GeneratedCommit[],
  branch: string,
  tip: number,
  base: number,
): GeneratedCommit {
  return { branch, files: filesOf(commits, tip), parents: [tip, base] };
}
