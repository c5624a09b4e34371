/** Processes append to their log files themselves; the supervisor only opens, rotates and reads them. */
import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { copyFile, open, rename, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";

/** A log longer than this is rotated. */
const largestLogBytes = 10 * 1024 * 1024;
const keptLogs = 3;

/** Opened for appending, so that a process goes on at the right place after its log was truncated. */
function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return openSync(file, "a", 0o600);
}

/** Runs `use` with the log open. */
export function withLog<T>(file: string, use: (fd: number) => T): T {
  const fd = openLog(file);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

export const logSize = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

const ignoreMissing = (error: NodeJS.ErrnoException) => {
  if (error.code !== "ENOENT") throw error;
};

/**
 * `log` -> `log.1` -> … -> `log.3`. The file itself is copied and truncated, since its process holds it open; what is
 * written between the two is lost.
 */
export async function rotateLog(file: string, largest = largestLogBytes): Promise<void> {
  const size = await stat(file).then((found) => found.size, ignoreMissing);
  if (size === undefined || size <= largest) return;
  // The copy first: on a full disk it fails, and then no old log may be lost for it.
  await copyFile(file, `${file}.0`);
  for (let n = keptLogs - 1; n >= 0; n--) await rename(`${file}.${n}`, `${file}.${n + 1}`).catch(ignoreMissing);
  await truncate(file);
}

const tailBytes = 256 * 1024;

/** The last lines of a log, oldest first; none when there is no log. Looks no further back than `from` and 256 KiB. */
export async function tailLog(file: string, lines: number, from = 0): Promise<string[]> {
  const handle = await open(file).catch(ignoreMissing);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    // A log shorter than `from` was rotated since.
    const length = Math.min(size - (from > size ? 0 : from), tailBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString("utf8", 0, bytesRead).split("\n");
    if (text.at(-1) === "") text.pop();
    // The first line may have been cut in two.
    if (length === tailBytes) text.shift();
    return lines > 0 ? text.slice(-lines) : [];
  } finally {
    await handle.close();
  }
}
