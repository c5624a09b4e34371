import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { sep } from "node:path";
import { breakLock, type Lock, readLocks } from "../../engine";
import type { LeaseHolder } from "../journal";
import type { Project } from "../project";
import { pulumiProject } from "./workspace";

/**
 * Takes away the locks that a driver left on the stack whose lease is ours now: those of dead processes, and those of the
 * driver before us. The embedded engine reads its own lock before each provider call and each checkpoint, and stops when
 * it is gone. The CLI does not, so a CLI that outlived its driver is ended first. Anybody else's lock, a person's
 * `pulumi up` for example, stays.
 */
export function clearDeadLocks(project: Project, stack: string, predecessor: LeaseHolder | undefined): void {
  if (!project.backendUrl.startsWith("file://")) return;
  for (const lock of readLocks(project.backendUrl, pulumiProject, stack)) {
    const here = lock.hostname === hostname();
    const itsOwn = predecessor !== undefined && lock.pid === predecessor.pid && lock.hostname === predecessor.host;
    const orphan = predecessor !== undefined && here && endedOrphan(project, lock);
    if (itsOwn || orphan || (here && lock.ownerGone)) breakLock(lock);
  }
}

/** A CLI works in its driver's private folder, and nobody else does. Where that cannot be told, it is left alone. */
function endedOrphan(project: Project, { pid }: Lock): boolean {
  if (pid === undefined || pid === process.pid) return false;
  try {
    if (!readlinkSync(`/proc/${pid}/cwd`).startsWith(`${project.workDir}${sep}`)) return false;
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    // gone meanwhile, or no /proc on this system: the next operation says that the stack is locked, and by whom
    return false;
  }
}
