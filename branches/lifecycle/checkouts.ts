/** Where a branch is checked out, and how it is moved there without touching what its owner has not committed. */
import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { SwitchyardError } from "../../config/errors";
import { runGit } from "../git";
import type { Workspace } from "./workspace";

/** The folders whose HEAD is the branch. Throws `branch-refused` while a rebase of it waits somewhere. */
export async function checkoutsOf(workspace: Workspace, branch: string): Promise<string[]> {
  const { git } = workspace;
  await refuseDuringRebase(workspace, branch);
  const { stdout } = await git.run(["worktree", "list", "--porcelain", "-z"]);
  return stdout
    .toString()
    .split("\0\0")
    .flatMap((block) => {
      const fields = block.split("\0");
      const folder = fields.find((field) => field.startsWith("worktree "))?.slice("worktree ".length);
      return folder !== undefined && fields.includes(`branch refs/heads/${branch}`) ? [folder] : [];
    });
}

async function refuseDuringRebase({ git }: Workspace, branch: string): Promise<void> {
  const common = await git.text(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
  const linked = await readdir(path.join(common, "worktrees")).catch(whereMissing([]));
  for (const dir of [common, ...linked.map((name) => path.join(common, "worktrees", name))])
    for (const kind of ["rebase-merge", "rebase-apply"]) {
      const head = await readFile(path.join(dir, kind, "head-name"), "utf8").catch(whereMissing(""));
      if (head.trim() === `refs/heads/${branch}`)
        throw refused(branch, "a rebase of it is under way", "Finish it with `git rebase --continue` or `--abort`.");
    }
}

const whereMissing =
  <T>(value: T) =>
  (thrown: NodeJS.ErrnoException): T => {
    if (thrown.code === "ENOENT") return value;
    throw thrown;
  };

/** Throws `branch-refused` where moving the branch in this folder from `from` to `to` would touch anything uncommitted. */
export async function refuseUncommitted(folder: string, branch: string, from: string, to: string): Promise<void> {
  const status = await runGit(folder, [
    "status",
    "--porcelain",
    "-z",
    "--untracked-files=no",
    "--ignore-submodules=none",
  ]);
  if (status.stdout.length > 0) {
    throw refused(branch, `${folder} has changes that are not committed`, "Commit or stash them, then repeat.");
  }
  // files that git does not track, ignored ones among them, must not be in the way of files that come
  const added = await runGit(folder, [
    "diff-tree",
    "-r",
    "-z",
    "--name-only",
    "--diff-filter=A",
    "--no-renames",
    from,
    to,
  ]);
  for (const file of added.stdout.toString("latin1").split("\0").filter(Boolean)) {
    const place = Buffer.concat([Buffer.from(folder + path.sep), Buffer.from(file, "latin1")]);
    const isThere = await lstat(place).then(
      () => true,
      () => false,
    );
    if (isThere) {
      const shown = Buffer.from(file, "latin1").toString();
      throw refused(
        branch,
        `${folder} has a file ${shown} that git does not track, and the new version has one too`,
        "Move it aside, then repeat.",
      );
    }
  }
}

/** After `refuseUncommitted`. git itself refuses once more where a file changed meanwhile. */
export async function moveCheckout(folder: string, to: string): Promise<void> {
  await runGit(folder, ["reset", "--quiet", "--keep", to]);
}

export const refused = (branch: string, why: string, next: string): SwitchyardError =>
  new SwitchyardError("branch-refused", `${branch} was left as it is: ${why}.`, { next, facts: { branch } });
