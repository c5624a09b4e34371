/** Ending a process group for certain, children included. */
import { setTimeout as delay } from "node:timers/promises";
import { groupIsAlive, identify, isRunning, markedProcesses, type ProcessIdentity } from "../process-table";

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function goneWithin(ms: number, gone: () => boolean): Promise<boolean> {
  const deadline = performance.now() + ms;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    if (gone()) return true;
    if (performance.now() >= deadline) return false;
    await delay(pauseMs);
  }
}

/** A killed group that is still there after this is stuck in the kernel. */
const killedWithinMs = 5000;

/**
 * SIGTERM to the group, SIGKILL to what is left after `graceMs`, then to whoever left the group but carries its token.
 * Only a group that is certainly ours is signalled: its leader is the one we started, or a member carries the token.
 */
export async function stopGroup(
  runtimeDir: string,
  { process: leader, token }: { process: ProcessIdentity | null; token: string },
  graceMs: number,
): Promise<void> {
  const ours = () => markedProcesses(runtimeDir).filter((row) => row.token === token);
  if (leader && (isRunning(leader) || (!identify(leader.pid) && ours().some(({ group }) => group === leader.pid)))) {
    if (graceMs > 0) signalGroup(leader.pid, "SIGTERM");
    const gone = () => !groupIsAlive(leader.pid);
    if (!(await goneWithin(graceMs, gone))) {
      signalGroup(leader.pid, "SIGKILL");
      if (!(await goneWithin(killedWithinMs, gone)))
        throw new Error(`process group ${leader.pid} did not end after SIGKILL: it is stuck in the kernel`);
    }
  }
  for (const { pid } of ours()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
