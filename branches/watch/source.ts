/** Where pushes arrive: branches as they are now, and the repository that has their commits. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { SwitchyardError } from "../../config/errors";
import { type GitRepository, openGit } from "../git";
import type { Workspace } from "../lifecycle";

export interface BranchSource {
  git: GitRepository;
  /** How often it may be asked. */
  everyMs: number;
  /** By name, all of them. */
  read(): Promise<Map<string, string>>;
  /** Makes sure that their commits are in the repository. */
  obtain(): Promise<void>;
}

/** Below it the clone has the remote's branches for the watch alone: what its owner fetched is not moved. */
const watchedRefs = "refs/switchyard/watched/";

/** A remote that is a path is read where it is; any other is asked, and fetched from when something moved. */
export async function openSource(workspace: Workspace): Promise<BranchSource> {
  const { git, remote } = workspace;
  const folder = remote === null ? git.folder : await folderOf(workspace, remote);
  if (folder !== undefined) {
    const there = await openGit(folder);
    return {
      git: there,
      everyMs: 250,
      read: async () => parse(await there.text(["for-each-ref", "--format=%(objectname)%09%(refname)", "refs/heads"])),
      obtain: async () => undefined,
    };
  }
  const from = remote ?? "";
  return {
    git,
    everyMs: 5_000,
    read: async () => parse(await git.text(["ls-remote", "--quiet", "--refs", from, "refs/heads/*"])),
    obtain: async () => {
      const refspec = `+refs/heads/*:${watchedRefs}*`;
      await git.run(["fetch", "--quiet", "--prune", "--no-tags", "--refmap=", from, refspec]);
    },
  };
}

/** undefined: it is an address. */
async function folderOf({ git }: Workspace, remote: string): Promise<string | undefined> {
  const url = await git.text(["remote", "get-url", remote]);
  if (/^[\w+.-]+:\/\//.test(url)) return undefined;
  const folder = path.resolve(git.folder, url);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return folder;
  if (/^[^/]+:/.test(url)) return undefined;
  throw new SwitchyardError("repository-unfit", `The remote ${remote} is ${folder}, and there is no such folder.`, {
    next: "Correct it with `git remote set-url`.",
  });
}

function parse(listed: string): Map<string, string> {
  const lines = listed.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [commit = "", ref = ""] = line.split("\t");
      return [ref.replace(/^refs\/heads\//, ""), commit];
    }),
  );
}
