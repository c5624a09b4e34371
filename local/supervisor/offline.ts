/** What `down` does when there is no supervisor to ask: it goes by the record that the last one left. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { supervisorRecord } from "../paths";
import { findLimiter } from "./cgroups";
import { stopGroup } from "./group";
import { takeLock } from "./lock";
import { loadRecord, saveRecord } from "./record";

/**
 * Does something that no supervisor may do at the same time. `busy`: somebody holds the runtime directory (a supervisor, or
 * another call of this), so nothing was done.
 */
export async function withoutSupervisor(runtimeDir: string, act: () => Promise<void> | void): Promise<"done" | "busy"> {
  if (!existsSync(runtimeDir)) return "done";
  const lock = await takeLock(runtimeDir);
  if (!lock) return "busy";
  try {
    await act();
    return "done";
  } finally {
    lock.release();
  }
}

/** Ends a recorded process group and forgets it. */
export function stopRecorded(runtimeDir: string, name: string): Promise<"done" | "busy"> {
  return withoutSupervisor(runtimeDir, async () => {
    if (!existsSync(supervisorRecord(runtimeDir))) return;
    const { [name]: entry, ...others } = loadRecord(runtimeDir);
    if (!entry) return;
    await stopGroup(resolve(runtimeDir), entry, entry.spec.graceMs);
    saveRecord(runtimeDir, others);
    const limiter = findLimiter(resolve(runtimeDir));
    limiter.remove(name);
    limiter.close();
  });
}
