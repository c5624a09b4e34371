import { SwitchyardError } from "../../config/errors";
import { checkoutsOf, moveCheckout, refused, refuseUncommitted } from "./checkouts";
import { combine, type Part } from "./combine";
import type { BranchEvent, BranchHistory } from "./history";
import { moveShared } from "./move";
import { baseCommit, commitOf, fetchShared, isAncestor, sharedRefs, type Workspace } from "./workspace";

const attempts = 3;

interface Seen {
  local: string | undefined;
  shared: string | undefined;
  /** The last of the remote's versions that the clone's one stands on, also one that was rewritten since. */
  agreed: string | undefined;
}

/**
 * Makes the branch the same in the clone and on the remote, with all of the base: others' commits first, then the clone's own.
 * Everything is worked out aside; the remote moves only from where it was seen, and the clone only after that. Throws
 * `branch-invalid`, `branch-refused`, `branch-conflict`.
 */
export async function syncBranch(
  workspace: Workspace,
  history: BranchHistory,
  { branch, policy }: { branch: string; policy: "rebase" | "merge" },
): Promise<BranchEvent> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const seen = await look(workspace, branch);
    const before = seen.local ?? seen.shared;
    if (before === undefined) throw unknown(branch);
    const checkouts = await checkoutsOf(workspace, branch);
    const after = await combine(workspace, {
      branch,
      commit: before,
      policy,
      parts: await partsOf(workspace, branch, policy, seen),
    });
    for (const folder of checkouts) await refuseUncommitted(folder, branch, before, after);
    const moved = after === seen.shared || (await share(workspace, branch, seen, after));
    if (!moved) continue;
    await moveClone(workspace, branch, seen.local, after, checkouts);
    const shared = after === seen.shared || workspace.remote === null ? "" : ", pushed";
    const detail = `${after === before ? "had all of the base" : `brought up to date by ${policy}`}${shared}`;
    return history.write({ branch, action: "sync", who: workspace.who, before, after, detail });
  }
  throw refused(branch, `others pushed to it ${attempts} times meanwhile`, "Run the command again.");
}

async function look(workspace: Workspace, branch: string): Promise<Seen> {
  await fetchShared(workspace);
  const local = await commitOf(workspace, `refs/heads/${branch}`);
  if (workspace.remote === null) return { local, shared: undefined, agreed: undefined };
  const ref = sharedRefs(workspace) + branch;
  const shared = await commitOf(workspace, ref);
  if (local === undefined || shared === undefined) return { local, shared, agreed: undefined };
  // git looks it up in the log of what was fetched
  const { stdout } = await workspace.git.run(["merge-base", "--fork-point", ref, local], { answers: [0, 1] });
  return { local, shared, agreed: stdout.toString().trim() || undefined };
}

/** What the clone's version lacks: the remote's version of the branch, then the base. */
async function partsOf(workspace: Workspace, branch: string, policy: "rebase" | "merge", seen: Seen): Promise<Part[]> {
  const base = { onto: await baseCommit(workspace), name: nameOf(workspace, workspace.base) };
  if (seen.local === undefined || seen.shared === undefined) return [base];
  const onto = { onto: seen.shared, name: nameOf(workspace, branch) };
  const rewritten = seen.agreed !== undefined && !(await isAncestor(workspace, seen.agreed, seen.shared));
  if (!rewritten)
    return policy === "rebase" && (await wasRewrittenHere(workspace, branch, seen)) ? [base] : [onto, base];
  if (policy === "merge")
    throw refused(
      branch,
      `somebody rewrote it on the remote (it was ${seen.agreed?.slice(0, 10)})`,
      `Look at both with \`git log --left-right ${branch}...${nameOf(workspace, branch)}\`, and rebase yours or push it back.`,
    );
  // commits that came from the remote and are no more in its version went with a rewrite; only the clone's own follow
  return [{ ...onto, after: seen.agreed }, base];
}

/** The clone had the remote's version and has made another one of it since (`commit --amend`, `rebase`): that is no older work. */
async function wasRewrittenHere(workspace: Workspace, branch: string, { local, shared }: Seen): Promise<boolean> {
  if (local === undefined || shared === undefined || (await isAncestor(workspace, shared, local))) return false;
  const log = await workspace.git.text([
    "log",
    "--walk-reflogs",
    "--max-count=50",
    "--format=%H",
    `refs/heads/${branch}`,
    "--",
  ]);
  for (const commit of new Set(log.split("\n").filter(Boolean)))
    if (await isAncestor(workspace, shared, commit)) return true;
  return false;
}

const nameOf = ({ remote }: Workspace, branch: string): string => (remote === null ? branch : `${remote}/${branch}`);

async function share(workspace: Workspace, branch: string, seen: Seen, to: string): Promise<boolean> {
  if (workspace.remote === null) return true;
  return moveShared(workspace, [{ ref: `refs/heads/${branch}`, from: seen.shared ?? null, to }]);
}

async function moveClone(
  { git, remote }: Workspace,
  branch: string,
  from: string | undefined,
  to: string,
  checkouts: readonly string[],
): Promise<void> {
  if (from === to) return;
  if (from === undefined) {
    await git.run(
      remote === null ? ["branch", branch, to] : ["branch", "--quiet", "--track", branch, `${remote}/${branch}`],
    );
    return;
  }
  for (const folder of checkouts) await moveCheckout(folder, to);
  // from where it was seen alone: a commit made meanwhile stays, and the next sync brings it along
  if (checkouts.length === 0) await git.run(["update-ref", "-m", "switchyard: sync", `refs/heads/${branch}`, to, from]);
}

const unknown = (branch: string): SwitchyardError =>
  new SwitchyardError("unknown-ref", `There is no branch ${branch}, neither here nor on the remote.`, {
    next: "`switchyard branch list` shows the branches; `switchyard branch restore` brings one back that was taken away.",
  });
