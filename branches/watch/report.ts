/** The matrix in the words that people and programs get. */
import { isDeepStrictEqual } from "node:util";
import type { FileConflict, MatrixChange, NearMiss } from "../conflicts";
import type { GitRepository } from "../git";
import { authorsOf } from "./people";

export interface ConflictReport {
  ours: string;
  /** A branch, or the base. */
  theirs: string;
  /** `blocked`: one of them conflicts with the base, which is settled first. `resolved`: it was a conflict. */
  state: "conflict" | "blocked" | "near-miss" | "resolved";
  files: FileConflict[];
  nearMisses: NearMiss[];
  /** RFC 3339; null: it is no conflict. */
  since: string | null;
  /** Authors of each side's commits in these files: they should talk. */
  people: { ours: string[]; theirs: string[] };
}

export type Finding = Omit<ConflictReport, "since" | "people">;

/** What changed, and matters: a pair that has merged all the time is no news. */
export function findingsIn(base: string, { branches, pairs }: MatrixChange): Finding[] {
  const withBase = branches.flatMap(({ before, now }): Finding[] => {
    const branch = (now ?? before)?.branch;
    const same = before?.state === now?.state && isDeepStrictEqual(before?.files, now?.files);
    if (branch === undefined || same) return [];
    const finding = { ours: branch, theirs: base, nearMisses: [] };
    if (now?.state === "conflict") return [{ ...finding, state: "conflict", files: now.files }];
    return before?.state === "conflict" ? [{ ...finding, state: "resolved", files: [] }] : [];
  });
  const betweenBranches = pairs.flatMap(({ before, now }): Finding[] => {
    if (now === undefined) {
      if (before?.state !== "conflict") return [];
      return [{ ours: before.ours, theirs: before.theirs, state: "resolved", files: [], nearMisses: [] }];
    }
    const { ours, theirs, files, nearMisses } = now;
    return [{ ours, theirs, state: now.state === "clean" ? "near-miss" : now.state, files, nearMisses }];
  });
  return [...withBase, ...betweenBranches];
}

interface Tips {
  base: { name: string; commit: string };
  branches: ReadonlyMap<string, string>;
}

/** Finds out who is behind the findings: one look into the history for each branch that conflicts, and for each with the base. */
export async function reportsOf(
  git: GitRepository,
  { base, branches }: Tips,
  findings: readonly Finding[],
  sinceOf: (finding: Finding) => string | null,
): Promise<ConflictReport[]> {
  const paths = new Map<string, Set<string>>();
  for (const { ours, theirs, files } of findings)
    for (const branch of [ours, theirs])
      for (const { path } of files) paths.set(branch, (paths.get(branch) ?? new Set()).add(path));
  const authors = new Map<string, Map<string, string[]>>();
  for (const [branch, commit] of branches)
    authors.set(branch, await authorsOf(git, { has: commit, not: base.commit }, [...(paths.get(branch) ?? [])]));

  const reports: ConflictReport[] = [];
  for (const finding of findings) {
    const files = finding.files.map(({ path }) => path);
    const ofBranch = (name: string) => files.flatMap((file) => authors.get(name)?.get(file) ?? []);
    const ofBase = async () => {
      const commit = branches.get(finding.ours);
      const found = commit && (await authorsOf(git, { has: base.commit, not: commit }, files));
      return found ? [...found.values()].flat() : [];
    };
    const theirs = finding.theirs === base.name ? await ofBase() : ofBranch(finding.theirs);
    const people = { ours: [...new Set(ofBranch(finding.ours))], theirs: [...new Set(theirs)] };
    reports.push({ ...finding, since: sinceOf(finding), people });
  }
  return reports;
}
