/** The two ways to change a team: the stack, and past the stack for a rollback that cannot wait. */
import type { ReleaseConfig } from "../../config/settings";
import type { Drive } from "./drive";

/** What a write changes; `epoch` and `revision` are the driver's business. */
export type Change = Partial<Pick<ReleaseConfig, "live" | "slots" | "weights">>;

export interface WriteOptions {
  signal?: AbortSignal | undefined;
  onBegun?: () => void;
}

/** The next config of the team, on disk in the journal before anything is done about it. */
export function intend(drive: Drive, change: Change): ReleaseConfig {
  drive.config = { ...drive.config, ...change, revision: drive.config.revision + 1 };
  drive.journal.write("write", { config: drive.config });
  return drive.config;
}

/** One stack operation. */
export async function write(drive: Drive, change: Change, options: WriteOptions = {}): Promise<void> {
  const wanted = intend(drive, change);
  const startedAt = new Date().toISOString();
  await drive.stack.apply(wanted, { signal: drive.gone, ...options });
  drive.journal.write("written", { revision: wanted.revision });
  if (change.weights) switched(drive, startedAt, change.weights, false);
}

/**
 * Writes the route of `wanted` itself, fenced by the load balancer. The stack's operation may still do the same write: with
 * the same epoch, revision and content it is the same thing twice. State is reconciled by the next operation.
 */
export async function writeDirectly(drive: Drive, wanted: ReleaseConfig, why: string): Promise<void> {
  const { live, weights, epoch, revision, id } = wanted;
  const startedAt = new Date().toISOString();
  drive.journal.write("direct", { weights, epoch, revision, why });
  await drive.live.setRoute({ live, weights, epoch, revision, release: id });
  switched(drive, startedAt, weights, true);
}

export function switched(drive: Drive, startedAt: string, weights: Record<string, number>, direct: boolean): void {
  drive.record.report.switches.push({ startedAt, doneAt: new Date().toISOString(), weights, direct });
  drive.save();
}
