import { messageOf, SwitchyardError } from "../../config/errors";
import { rollbackTarget } from "../gates";
import type { Drive } from "./drive";
import { intend, switched, writeDirectly } from "./write";

/** A stack operation that has not moved the traffic by then is not waited for. */
const operationDeadlineMs = 2_000;
/** How long the operation may go on behind a direct write before it is aborted. */
const lateOperationMs = 5_000;

/**
 * Puts the traffic back where it was: one stack operation that changes weights, epoch and revision and nothing else. It
 * depends on the old slot's health alone. When the operation has not moved the traffic in time (backend away, locked,
 * read-only, passphrase gone), the load balancer is told directly.
 *
 * Throws `rollback-target-unhealthy`, and what the load balancer says if it refuses too.
 */
export async function putBack(drive: Drive, to: { live: string | null; weights: Record<string, number> }): Promise<void> {
  if (to.live !== null) {
    const unfit = await rollbackTarget(drive.live, to.live);
    if (unfit !== undefined) throw new SwitchyardError("rollback-target-unhealthy", `The traffic was not moved back: ${unfit}.`);
  }
  const wanted = intend(drive, { live: to.live, weights: to.weights });
  const startedAt = new Date().toISOString();
  const ending = new AbortController();
  const operation = drive.stack.apply(wanted, { signal: ending.signal }).then(
    () => undefined,
    (thrown: unknown) => thrown ?? new Error("failed"),
  );
  const late = Symbol("late");
  const first = await Promise.race([operation, after(operationDeadlineMs, late)]);
  if (first === undefined) {
    drive.journal.write("written", { revision: wanted.revision });
    switched(drive, startedAt, to.weights, false);
    return;
  }
  const why = first === late ? `the stack operation was not done after ${operationDeadlineMs} ms` : messageOf(first);
  await writeDirectly(drive, wanted, why);
  if (first !== late) return;
  const ended = await Promise.race([operation, after(lateOperationMs, late)]);
  if (ended === late) ending.abort();
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
