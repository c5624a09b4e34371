/** One supervisor for a runtime directory. The lock is the kernel's (SQLite takes an fcntl lock), so it ends with its holder, however that ends. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { makePrivateDirectory } from "../paths";

export interface Lock {
  release(): void;
  /** False when the runtime directory was removed or replaced: the lock then keeps nobody out. */
  holds(): boolean;
}

const sqliteBusy = 5;

/** Undefined: somebody else holds it. */
export async function takeLock(runtimeDir: string): Promise<Lock | undefined> {
  makePrivateDirectory(runtimeDir);
  const file = join(runtimeDir, "supervisor.lock");
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return undefined;
    throw error;
  }
  const inode = () => statSync(file, { throwIfNoEntry: false })?.ino;
  const own = inode();
  return { release: () => database.close(), holds: () => inode() === own };
}
