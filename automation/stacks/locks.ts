import { hostname } from "node:os";
import { breakLock, readLocks } from "../../engine";
import type { LeaseHolder } from "../journal";
import type { Project } from "../project";
import { pulumiProject } from "./workspace";

/**
 * Takes away the locks that a driver left on the stack whose lease is ours now: those of dead processes, and those of the
 * driver before us. Its engine reads its own lock before each provider call and each checkpoint, and stops when it is
 * gone. Anybody else's lock, a person's `pulumi up` for example, stays.
 */
export function clearDeadLocks(project: Project, stack: string, predecessor: LeaseHolder | undefined): void {
  if (!project.backendUrl.startsWith("file://")) return;
  for (const lock of readLocks(project.backendUrl, pulumiProject, stack)) {
    const itsOwn = predecessor !== undefined && lock.pid === predecessor.pid && lock.hostname === predecessor.host;
    const gone = lock.ownerGone && lock.hostname === hostname();
    if (itsOwn || gone) breakLock(lock);
  }
}
