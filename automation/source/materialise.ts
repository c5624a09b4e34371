import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { messageOf, SwitchyardError } from "../../config/errors";
import { isAlive } from "../../config/process";
import { build } from "./build";
import { exportCommit } from "./export";
import { openRepository, type Source, type SourceFolders } from "./repository";

export interface MaterialiseOptions extends SourceFolders {
  /** Each line of the build's output as it comes. */
  onLine?: (line: string) => void;
  /** Ends the build and leaves nothing behind; the error is `interrupted`. */
  signal?: AbortSignal;
}

export interface Artifact {
  /** Absolute; the service's folder, exported and built. */
  directory: string;
  /** false: the same commit with the same build was there already. */
  builtNow: boolean;
  ms: number;
}

const artifactName = /^[0-9a-f]{12}-[0-9a-f]{12}$/;

/** One build of the same thing at a time in this process; the second caller gets the first one's result. */
const running = new Map<string, Promise<Artifact>>();

/**
 * Exports the commit's `source.path` to a folder named by what is in it, and builds it there; done once for each commit.
 * The folder appears whole or not at all: a crash, a failed build or two drivers at once leave no half of it.
 * Throws `build-failed`, `source-invalid`, `source-unreadable`, `disk-full`, `interrupted`.
 */
export async function materialise(source: Source, commit: string, options: MaterialiseOptions): Promise<Artifact> {
  const began = performance.now();
  const built = createHash("sha256")
    .update(JSON.stringify([source.path, source.build]))
    .digest("hex");
  const directory = path.resolve(options.artifactsDir, `${commit.slice(0, 12)}-${built.slice(0, 12)}`);
  const elapsed = () => Math.round(performance.now() - began);
  const other = running.get(directory);
  if (other) return { ...(await other), builtNow: false, ms: elapsed() };
  const mine = findOrMake(source, commit, directory, options).then(
    (builtNow) => ({ directory, builtNow, ms: elapsed() }),
    (thrown) => {
      throw asFullDisk(thrown, directory);
    },
  );
  running.set(directory, mine);
  try {
    return await mine;
  } finally {
    running.delete(directory);
  }
}

async function findOrMake(source: Source, commit: string, directory: string, options: MaterialiseOptions) {
  return (await exists(directory)) ? false : make(source, commit, directory, options);
}

/** true: the folder is the one built here; false: another process was faster and its folder is there. */
async function make(source: Source, commit: string, directory: string, options: MaterialiseOptions): Promise<boolean> {
  const building = path.join(path.dirname(directory), ".building");
  await mkdir(building, { recursive: true, mode: 0o700 });
  await removeLeftovers(building);
  const quarantine = path.join(building, `${process.pid}.${randomUUID()}`);
  try {
    const folder = path.join(quarantine, "service");
    await mkdir(quarantine);
    const repository = await openRepository(source, options, false);
    await exportCommit(repository, commit, source.path, folder);
    await build({
      folder,
      commands: source.build,
      logFile: `${directory}.log`,
      onLine: options.onLine,
      signal: options.signal,
    });
    await rename(folder, directory);
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw thrown;
  } finally {
    await rm(quarantine, { recursive: true, force: true });
  }
}

/** Quarantines of processes that are gone. */
async function removeLeftovers(building: string): Promise<void> {
  for (const name of await readdir(building)) {
    const pid = Number(name.split(".")[0]);
    if (!isAlive(pid)) await rm(path.join(building, name), { recursive: true, force: true });
  }
}

/** Removes built versions that are not in `keep` (their directories); returns the directories that went. */
export async function pruneArtifacts(artifactsDir: string, keep: readonly string[]): Promise<string[]> {
  const kept = new Set(keep.map((directory) => path.resolve(directory)));
  const all = (await exists(artifactsDir)) ? await readdir(artifactsDir) : [];
  const gone = all
    .filter((name) => artifactName.test(name))
    .map((name) => path.resolve(artifactsDir, name))
    .filter((directory) => !kept.has(directory));
  for (const directory of gone) {
    await rm(directory, { recursive: true, force: true });
    await rm(`${directory}.log`, { force: true });
  }
  return gone;
}

function asFullDisk(thrown: unknown, directory: string): unknown {
  if (thrown instanceof SwitchyardError || !/ENOSPC|no space left on device/i.test(messageOf(thrown))) return thrown;
  return new SwitchyardError("disk-full", `the disk that holds ${path.dirname(directory)} is full`, { cause: thrown });
}

function exists(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    () => false,
  );
}
