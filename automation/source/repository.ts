import { createHash } from "node:crypto";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { hideSecrets } from "../../branches/git";
import { messageOf, SwitchyardError } from "../../config/errors";
import type { TeamConfig } from "../../config/team";
import { gitIn } from "./git";

export type Source = TeamConfig["source"];

export interface SourceFolders {
  /** What a relative `source.repository` starts from. */
  projectDir: string;
  /** Where built versions are kept, and copies of repositories that are URLs. */
  artifactsDir: string;
}

const urlPattern = /^(https?|ssh|git|file):\/\//;
/** `user@host:path`, as git writes ssh addresses. */
const sshPattern = /^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:/;

/** The folder of the source's repository. With `fetch`, a copy of a URL is first brought up to date. */
export async function openRepository(source: Source, folders: SourceFolders, fetch: boolean): Promise<string> {
  if (urlPattern.test(source.repository) || sshPattern.test(source.repository)) {
    return openCopy(source.repository, folders.artifactsDir, fetch);
  }
  const folder = path.resolve(folders.projectDir, source.repository);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw unreadable(folder, "there is no such folder");
  try {
    await gitIn(folder).raw("rev-parse", "--git-dir");
  } catch (thrown) {
    throw unreadable(folder, firstLine(messageOf(thrown)), thrown);
  }
  return folder;
}

/** A bare copy of the repository, complete or not there at all. */
async function openCopy(url: string, artifactsDir: string, fetch: boolean): Promise<string> {
  const copies = path.join(artifactsDir, ".repositories");
  const folder = path.join(copies, createHash("sha256").update(url).digest("hex").slice(0, 24));
  const known = await stat(folder).then(
    () => true,
    () => false,
  );
  try {
    if (!known) {
      await mkdir(copies, { recursive: true, mode: 0o700 });
      const partial = `${folder}.${process.pid}`;
      await rm(partial, { recursive: true, force: true });
      await gitIn(copies).raw("clone", "--quiet", "--mirror", "--", url, partial);
      await rename(partial, folder);
    } else if (fetch) {
      await gitIn(folder).raw("fetch", "--quiet", "--prune");
    }
  } catch (thrown) {
    throw unreadable(url, lastLine(messageOf(thrown)), thrown);
  }
  return folder;
}

function unreadable(where: string, why: string, cause?: unknown): SwitchyardError {
  return new SwitchyardError("source-unreadable", hideSecrets(`cannot read the repository ${where}: ${why}`), {
    cause,
  });
}

const firstLine = (text: string) => text.trim().split("\n")[0] ?? text;
const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? text;
