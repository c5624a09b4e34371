import { randomUUID } from "node:crypto";
import {
  close,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { EngineFailure } from "../failure";

/*
 * Every write goes to a temporary file in the same folder and is renamed, so a reader sees the old file or the new one.
 * Synchronous on purpose: a lock can be re-read and the rename done with nothing of this process in between.
 */

const sentences: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "a file may not be that large here",
  EROFS: "the file system is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
};

/** By its shape and not by class: errors of Node's own modules can come from another realm (jest's, worker's). */
export const codeOf = (thrown: unknown): string | undefined => {
  const { code } = Object(thrown);
  return typeof code === "string" ? code : undefined;
};

/** Runs a write; a full disk, a read-only folder and the like become one sentence that names the file. */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    const sentence = sentences[codeOf(thrown) ?? ""];
    if (sentence === undefined) throw thrown;
    throw new EngineFailure(`could not write ${path}: ${sentence}; the last good state was kept`, 1, thrown);
  }
}

/** The file's text; undefined: there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return undefined;
    if (codeOf(thrown) === "EACCES")
      throw new EngineFailure(`could not read ${path}: this user may not read it`, 1, thrown);
    throw thrown;
  }
}

/** Names in a folder without Pulumi's `.attrs` sidecars and our temporary files, sorted; none if there is no such folder. */
export function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.endsWith(".attrs") && !name.endsWith(".tmp"))
      .sort();
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return [];
    throw thrown;
  }
}

export interface ReplaceOptions {
  /** Keeps the file's previous version under this path. */
  backup?: string;
  /** Called last before the new file becomes visible; throws to leave everything as it was. */
  beforeRename?: () => void;
  mode?: number;
}

export function replaceFile(path: string, text: string, options: ReplaceOptions = {}): void {
  writing(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const temporary = temporaryBeside(path);
    try {
      writeFileSync(temporary, text, { flag: "wx", mode: options.mode ?? 0o600 });
      options.beforeRename?.();
      if (options.backup !== undefined) keepPrevious(path, options.backup);
      renameSync(temporary, path);
      rmSync(`${path}.attrs`, { force: true });
    } catch (thrown) {
      rmSync(temporary, { force: true });
      throw thrown;
    }
  });
}

const temporaryBeside = (path: string): string => join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);

/** Removes what a killed process left of a write to this path. Only for who may write to it. */
export function removeTemporaries(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  const stem = `.${basename(path)}.`;
  const length = stem.length + randomUUID().length + ".tmp".length;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(stem) && name.endsWith(".tmp") && name.length === length) removeFile(join(folder, name));
  }
}

/**
 * Keeps a file's data while its last name goes. To forget a file whose data is just on its way to the disk, ext4 waits for
 * the disk; of a file that is held that happens at the end, in another thread.
 */
function hold(path: string): () => void {
  try {
    const handle = openSync(path, "r");
    // read-only: there is nothing that a close could fail to write
    return () => close(handle, () => undefined);
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return () => undefined;
    throw thrown;
  }
}

/** Files are replaced and never changed in place, so the previous version can be kept as a hard link, at no cost. */
function keepPrevious(path: string, backup: string): void {
  const temporary = temporaryBeside(backup);
  try {
    try {
      linkSync(path, temporary);
    } catch (thrown) {
      if (codeOf(thrown) === "ENOENT") return;
      copyFileSync(path, temporary);
    }
    const release = hold(backup);
    try {
      renameSync(temporary, backup);
    } finally {
      release();
    }
    rmSync(`${backup}.attrs`, { force: true });
  } finally {
    // Where both names are already the same file, rename(2) leaves the temporary one in place.
    rmSync(temporary, { force: true });
  }
}

export function copyAs(from: string, to: string): void {
  writing(to, () => {
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  });
}

export function removeFile(path: string): void {
  writing(path, () => {
    rmSync(path, { force: true });
    rmSync(`${path}.attrs`, { force: true });
  });
}

export function removeFolder(path: string): void {
  writing(path, () => rmSync(path, { recursive: true, force: true }));
}
