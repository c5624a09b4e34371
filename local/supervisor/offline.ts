/** What `down` does when there is no supervisor to ask: it goes by the record that the last one left. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { supervisorRecord } from "../paths";
import { stopGroup } from "./group";
import { takeLock } from "./lock";
import { loadRecord, saveRecord } from "./record";

/**
 * Ends a recorded process group and forgets it. `busy`: somebody holds the runtime directory (a supervisor, or another
 * call of this), so nothing was done.
 */
export async function stopRecorded(runtimeDir: string, name: string): Promise<"done" | "busy"> {
  if (!existsSync(supervisorRecord(runtimeDir))) return "done";
  const lock = takeLock(runtimeDir);
  if (!lock) return "busy";
  try {
    const { [name]: entry, ...others } = loadRecord(runtimeDir);
    if (!entry) return "done";
    await stopGroup(resolve(runtimeDir), entry, entry.spec.graceMs);
    saveRecord(runtimeDir, others);
    return "done";
  } finally {
    lock.release();
  }
}
