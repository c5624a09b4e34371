/** Which commits a branch has that the base has not, and where it left the base. */
import type { Quarantine } from "../git";

interface Commit {
  tree: string;
  parents: string[];
}

export interface BranchHistory {
  commit: string;
  /** Of the commit; empty where the base has it already. */
  tree: string;
  /** Commits that the base does not have. */
  own: ReadonlySet<string>;
  /** Commits of the base that own ones stand on, with their trees; empty: nothing in common. More than one: the base was merged in. */
  forks: ReadonlyMap<string, string>;
}

/** One git process for all; the answer is in the order of the tips. Every tip must be there. */
export async function readHistories(
  quarantine: Quarantine,
  base: string,
  tips: readonly string[],
): Promise<BranchHistory[]> {
  if (tips.length === 0) return [];
  const input = [...tips, `^${base}`].map((line) => `${line}\n`).join("");
  const args = ["rev-list", "--stdin", "--boundary", "--format=%T %P"];
  const { stdout } = await quarantine.inRepository(args, { input });
  const commits = new Map<string, Commit>();
  const inBase = new Map<string, string>();
  const lines = stdout.toString("latin1").trimEnd().split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const commit = (lines[i] ?? "").slice("commit ".length);
    const [tree = "", ...parents] = (lines[i + 1] ?? "").split(" ").filter((oid) => oid !== "");
    if (commit.startsWith("-")) inBase.set(commit.slice(1), tree);
    else commits.set(commit, { tree, parents });
  }
  return tips.map((tip) => historyOf(tip, commits, inBase));
}

function historyOf(
  tip: string,
  commits: ReadonlyMap<string, Commit>,
  inBase: ReadonlyMap<string, string>,
): BranchHistory {
  const own = new Set<string>();
  const forks = new Map<string, string>();
  const open = [tip];
  for (let oid = open.pop(); oid !== undefined; oid = open.pop()) {
    if (own.has(oid)) continue;
    const commit = commits.get(oid);
    if (commit === undefined) {
      forks.set(oid, inBase.get(oid) ?? "");
      continue;
    }
    own.add(oid);
    open.push(...commit.parents);
  }
  return { commit: tip, tree: commits.get(tip)?.tree ?? "", own, forks };
}
