/** Somebody's clone and the remote that all share. What a branch is, the remote says; the clone is where its owner works. */
import { SwitchyardError } from "../../config/errors";
import { type GitRepository, openGit } from "../git";

export interface WorkspaceOptions {
  /** Anywhere in the clone. */
  folder: string;
  /** Names. */
  base: string;
  remote: string;
}

export interface Workspace {
  git: GitRepository;
  base: string;
  /** null: the repository has no such remote, and branches are local. */
  remote: string | null;
  /** `Name <address>` of who works here. */
  who: string;
}

const networkDeadlineMs = 300_000;

/** Throws `source-unreadable`, `repository-unfit`. */
export async function openWorkspace({ folder, base, remote }: WorkspaceOptions): Promise<Workspace> {
  const git = await openGit(folder);
  if (git.shallow) {
    throw new SwitchyardError(
      "repository-unfit",
      `${git.folder} is a shallow clone, and branches cannot be compared without their history.`,
      {
        next: "Run `git fetch --unshallow`.",
      },
    );
  }
  const remotes = (await git.text(["remote"])).split("\n");
  const who = await git.text(["var", "GIT_AUTHOR_IDENT"], { answers: [0, 128] });
  return {
    git,
    base,
    remote: remotes.includes(remote) ? remote : null,
    who: who.replace(/ \d+ [+-]\d+$/, "") || `${process.env.USER ?? "somebody"} <unknown>`,
  };
}

/** The prefix of refs that say what is: the remote's branches as last fetched, or the local ones. */
export const sharedRefs = ({ remote }: Workspace): string =>
  remote === null ? "refs/heads/" : `refs/remotes/${remote}/`;

/** Where commits of branches that were taken away are kept: in the clone, and on the remote for everybody. */
export const keptRefs = "refs/switchyard/kept/";
/** The remote's kept ones, as last fetched. */
export const sharedKeptRefs = "refs/switchyard/shared/";

/** The remote's branches as they are now. Throws `git-failed` where it does not answer. */
export async function fetchShared({ git, remote }: Workspace): Promise<void> {
  if (remote === null) return;
  const refspecs = [`+refs/heads/*:refs/remotes/${remote}/*`, `+${keptRefs}*:${sharedKeptRefs}*`];
  await git.run(["fetch", "--quiet", "--prune", "--no-tags", remote, ...refspecs], { deadlineMs: networkDeadlineMs });
}

/** undefined: there is no such ref. */
export async function commitOf({ git }: Workspace, ref: string): Promise<string | undefined> {
  const { code, stdout } = await git.run(["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`], {
    answers: [0, 1, 128],
  });
  return code === 0 ? stdout.toString().trim() : undefined;
}

/** Throws `repository-unfit` where the base is not there (yet). */
export async function baseCommit(workspace: Workspace): Promise<string> {
  const commit = await commitOf(workspace, sharedRefs(workspace) + workspace.base);
  if (commit !== undefined) return commit;
  const where = workspace.remote === null ? workspace.git.folder : `the remote ${workspace.remote}`;
  throw new SwitchyardError("repository-unfit", `There is no branch ${workspace.base} in ${where}.`, {
    next: "Push a first commit, or name the base in `switchyard:branches.base`.",
  });
}

export async function isAncestor({ git }: Workspace, older: string, newer: string): Promise<boolean> {
  return (await git.run(["merge-base", "--is-ancestor", older, newer], { answers: [0, 1] })).code === 0;
}

/** Branches below a prefix of refs, with their commits. */
export async function branchesBelow({ git }: Workspace, prefix: string): Promise<Map<string, string>> {
  const listed = await git.text(["for-each-ref", "--format=%(objectname) %(refname)", prefix]);
  const lines = listed.split("\n").filter((line) => line !== "" && !line.endsWith("/HEAD"));
  return new Map(
    lines.map((line) => [line.slice(line.indexOf(" ") + 1 + prefix.length), line.slice(0, line.indexOf(" "))]),
  );
}
