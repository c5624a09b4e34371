/** Brings commits together in a checkout of its own, so that a conflict leaves no trace in anybody's. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SwitchyardError } from "../../config/errors";
import { runGit } from "../git";
import { isAncestor, type Workspace } from "./workspace";

export interface Part {
  /** The commit to bring in, and what people call it. */
  onto: string;
  name: string;
  /** rebase: commits after this one are put on top; undefined: those that `onto` has not. */
  after?: string | undefined;
}

/** The commit in which `branch` has all parts, one after the other. Throws `branch-conflict`. */
export async function combine(
  workspace: Workspace,
  {
    branch,
    commit,
    policy,
    parts,
  }: { branch: string; commit: string; policy: "rebase" | "merge"; parts: readonly Part[] },
): Promise<string> {
  const open: Part[] = [];
  for (const part of parts) if (!(await isAncestor(workspace, part.onto, commit))) open.push(part);
  if (open.length === 0) return commit;
  const parent = await mkdtemp(path.join(tmpdir(), "switchyard-combine-"));
  const folder = path.join(parent, "checkout");
  try {
    await workspace.git.run([...quietly, "worktree", "add", "--quiet", "--detach", folder, commit], {
      env: noLargeFiles,
    });
    for (const part of open) await bringIn(folder, branch, policy, part);
    const { stdout } = await runGit(folder, ["rev-parse", "HEAD"]);
    return stdout.toString().trim();
  } finally {
    await workspace.git.run(["worktree", "remove", "--force", folder], { answers: [0, 128] });
    await rm(parent, { recursive: true, force: true });
  }
}

/** Hooks are for what people do; here nobody sees their questions. */
const noLargeFiles = { GIT_LFS_SKIP_SMUDGE: "1" };
const quietly = ["-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", "-c", "rerere.autoUpdate=false"];

async function bringIn(folder: string, branch: string, policy: "rebase" | "merge", part: Part): Promise<void> {
  const args =
    policy === "merge"
      ? ["merge", "--quiet", "--no-edit", "-m", `Merge ${part.name} into ${branch}`, part.onto]
      : ["rebase", "--quiet", "--no-autostash", "--onto", part.onto, part.after ?? part.onto];
  const { code, stderr } = await runGit(folder, [...quietly, ...args], {
    answers: [0, 1, 2, 128],
    env: noLargeFiles,
  });
  if (code === 0) return;
  const { stdout } = await runGit(folder, ["diff", "--name-only", "--diff-filter=U", "-z"]);
  const files = stdout.toString().split("\0").filter(Boolean);
  if (files.length === 0)
    throw new SwitchyardError("git-failed", `git ${args[0]}: ${stderr.split("\n")[0]}`, { facts: { stderr } });
  throw new SwitchyardError(
    "branch-conflict",
    `${branch} and ${part.name} changed the same lines in ${files.slice(0, 5).join(", ")}${files.length > 5 ? ` and ${files.length - 5} more files` : ""}. Nothing was changed.`,
    {
      next: `Resolve it on the branch: \`git switch ${branch}\`, then \`git ${policy} ${part.name}\`.`,
      facts: { branch, with: part.name, files },
    },
  );
}
