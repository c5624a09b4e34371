/** One supervisor for a runtime directory. The lock is the kernel's (SQLite takes an fcntl lock), so it ends with its holder, however that ends. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makePrivateDirectory } from "../paths";

export interface Lock {
  release(): void;
}

/** Undefined: somebody else holds it. */
export function takeLock(runtimeDir: string): Lock | undefined {
  makePrivateDirectory(runtimeDir);
  const database = new DatabaseSync(join(runtimeDir, "supervisor.lock"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === 5) return undefined; // SQLITE_BUSY
    throw error;
  }
  return { release: () => database.close() };
}
