/** Takes a branch away, on the remote and in the clone, and keeps its commits where `restore` finds them. */
import { checkoutsOf } from "./checkouts";
import { moveShared, type RefMove } from "./move";
import { commitOf, keptRefs, type Workspace } from "./workspace";

const keptName = (branch: string, commit: string): string => `${keptRefs}${branch}/${commit.slice(0, 16)}`;

/** Moves for the remote: the branch goes and its commit stays, in one. */
export const takingAway = (branch: string, commit: string): RefMove[] => [
  { ref: `refs/heads/${branch}`, from: commit, to: null },
  { ref: keptName(branch, commit), from: null, to: commit },
];

/** false: the clone's branch stays, because it has other commits or somebody has it checked out. */
export async function dropFromClone(workspace: Workspace, branch: string, commit: string): Promise<boolean> {
  const local = await commitOf(workspace, `refs/heads/${branch}`);
  if (local === undefined) return true;
  if (local !== commit || (await checkoutsOf(workspace, branch)).length > 0) return false;
  const alone = { ...workspace, remote: null };
  const kept = { ref: keptName(branch, commit), from: await keptAlready(alone, branch, commit), to: commit };
  return moveShared(alone, [{ ref: `refs/heads/${branch}`, from: commit, to: null }, kept]);
}

async function keptAlready(workspace: Workspace, branch: string, commit: string): Promise<string | null> {
  return (await commitOf(workspace, keptName(branch, commit))) ?? null;
}
