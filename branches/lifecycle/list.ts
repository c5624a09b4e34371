import { type BranchVerdict, createMatrix } from "../conflicts";
import { type Teams, teamOf } from "./naming";
import { baseCommit, branchesBelow, fetchShared, isAncestor, sharedRefs, type Workspace } from "./workspace";

export interface ListedBranch {
  branch: string;
  team: string;
  /** What it is against the base. */
  state: BranchVerdict["state"];
  upToDate: boolean;
  /** Files in conflict with the base. */
  conflicts: string[];
  commit: string;
  author: string;
  /** RFC 3339, of the last commit. */
  at: string;
  /** The clone's branch beside the remote's. */
  clone: "same" | "ahead" | "behind" | "diverged" | "absent" | "not pushed";
}

/** The teams' branches: those on the remote, and those that only the clone has. */
export async function listBranches(workspace: Workspace, teams: Teams): Promise<ListedBranch[]> {
  await fetchShared(workspace);
  const base = await baseCommit(workspace);
  const clone = await branchesBelow(workspace, "refs/heads/");
  const shared = workspace.remote === null ? clone : await branchesBelow(workspace, sharedRefs(workspace));
  const isTeams = ([branch]: [string, string]) => branch !== workspace.base && teamOf(teams, branch) !== undefined;
  const all = new Map([...clone, ...shared].filter(isTeams));
  const matrix = createMatrix(workspace.git);
  try {
    await matrix.update({ base, branches: all });
    const people = await lastCommits(workspace, [...all.values()]);
    const listed = matrix.branches().map(async ({ branch, commit, state, upToDate, files }): Promise<ListedBranch> => {
      const { author = "", at = "" } = people.get(commit) ?? {};
      const conflicts = files.map(({ path }) => path);
      const beside = await besideShared(workspace, clone.get(branch), shared.get(branch));
      return {
        branch,
        team: teamOf(teams, branch) ?? "",
        state,
        upToDate,
        conflicts,
        commit,
        author,
        at,
        clone: beside,
      };
    });
    return (await Promise.all(listed)).sort((a, b) => (a.branch < b.branch ? -1 : 1));
  } finally {
    await matrix.close();
  }
}

async function lastCommits(
  { git }: Workspace,
  commits: readonly string[],
): Promise<Map<string, { author: string; at: string }>> {
  if (commits.length === 0) return new Map();
  const args = ["log", "--no-walk=unsorted", "--stdin", "--format=%H%x00%an <%ae>%x00%cI"];
  const lines = (await git.text(args, { input: commits.map((commit) => `${commit}\n`).join("") })).split("\n");
  return new Map(
    lines.map((line) => line.split("\0")).map(([commit = "", author = "", at = ""]) => [commit, { author, at }]),
  );
}

async function besideShared(
  workspace: Workspace,
  clone: string | undefined,
  shared: string | undefined,
): Promise<ListedBranch["clone"]> {
  if (shared === undefined) return "not pushed";
  if (clone === undefined) return "absent";
  if (clone === shared) return "same";
  if (await isAncestor(workspace, shared, clone)) return "ahead";
  return (await isAncestor(workspace, clone, shared)) ? "behind" : "diverged";
}
