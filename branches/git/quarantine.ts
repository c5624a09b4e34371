/**
 * A throw-away object store before a repository's own: git reads through it and writes into it alone, so that a merge that is
 * only tried leaves nothing behind. (git itself receives a push that way, see "quarantine environment" in git-receive-pack(1).)
 */
import { access, constants, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isAlive } from "../../config/process";
import type { GitRepository } from "./repository";
import { type GitOptions, type GitResult, runGit } from "./run";

export interface Quarantine {
  folder: string;
  objectsDir: string;
  /** In the repository, with its refs and its config; attributes are those in `workTree`. */
  inRepository(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** In a bare repository of its own that sees the same objects: no refs, no config, no attributes. */
  inPlain(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** Stands for a checkout, so that nobody's real one decides about attributes; empty at first. */
  workTree: string;
  remove(): Promise<void>;
}

const prefix = "switchyard-quarantine-";

/** `before`: a quarantine whose objects and attributes this one sees too. */
export async function openQuarantine(repository: GitRepository, before?: Quarantine): Promise<Quarantine> {
  const place = await scratchPlace();
  await removeLeftovers(place);
  const folder = await mkdtemp(path.join(place, `${prefix}${process.pid}-`));
  const objectsDir = path.join(folder, "objects");
  const workTree = before?.workTree ?? path.join(folder, "work-tree");
  const noAttributes = path.join(folder, "no-attributes");
  const sees = [...(before ? [before.objectsDir] : []), repository.objectsDir];
  for (const dir of ["objects/info", "refs", "work-tree"]) await mkdir(path.join(folder, dir), { recursive: true });
  await writeFile(path.join(folder, "HEAD"), "ref: refs/heads/none\n");
  await writeFile(path.join(folder, "config"), configFor(repository.objectFormat));
  await writeFile(path.join(objectsDir, "info", "alternates"), sees.map((dir) => `${alternate(dir)}\n`).join(""));
  await writeFile(noAttributes, "");
  // objects of a quarantine live for seconds: they are neither compressed nor flushed to the disk
  const cheap = ["-c", "core.compression=0", "-c", "core.looseCompression=0", "-c", "core.fsync=none"];
  return {
    folder,
    objectsDir,
    workTree,
    inRepository: (args, options) =>
      runGit(workTree, [...cheap, ...args], {
        ...options,
        env: {
          GIT_DIR: repository.gitDir,
          GIT_WORK_TREE: workTree,
          GIT_INDEX_FILE: path.join(folder, "index"),
          GIT_OBJECT_DIRECTORY: objectsDir,
        },
      }),
    inPlain: (args, options) =>
      runGit(folder, [...cheap, "-c", `core.attributesFile=${noAttributes}`, ...args], {
        ...options,
        env: { GIT_DIR: folder, GIT_ATTR_NOSYSTEM: "1" },
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const configFor = (objectFormat: string): string =>
  objectFormat === "sha1"
    ? "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
    : `[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = ${objectFormat}\n`;

/** A path that git would take for a comment or for something quoted is written as git quotes it. */
const alternate = (dir: string): string => (/^[#"]|[\n"\\]/.test(dir) ? JSON.stringify(dir) : dir);

/** In memory where the system has a place for that: thousands of small files come and go. */
async function scratchPlace(): Promise<string> {
  try {
    await access("/dev/shm", constants.W_OK | constants.X_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** Quarantines of processes that were killed. */
async function removeLeftovers(place: string): Promise<void> {
  for (const name of await readdir(place)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length).split("-")[0]) : Number.NaN;
    if (pid > 0 && !isAlive(pid)) await rm(path.join(place, name), { recursive: true, force: true });
  }
}
