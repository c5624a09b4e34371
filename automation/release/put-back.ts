import { messageOf, SwitchyardError } from "../../config/errors";
import { rollbackTarget } from "../gates";
import type { Drive } from "./drive";
import { intend, switched, writeDirectly } from "./write";

/** A stack operation that has not begun by then is not waited for; */
const beginWithinMs = 2_000;
/** nor one that has not ended by then, counted from its start. */
const endWithinMs = 5_000;

/**
 * Puts the traffic back where it was: one stack operation that changes weights, epoch and revision and nothing else. It
 * depends on the old slot's health alone. When the operation has not moved the traffic in time (backend away, locked,
 * read-only, passphrase gone), the load balancer is told directly.
 *
 * Throws `rollback-target-unhealthy`, and what the load balancer says if it refuses too.
 */
export async function putBack(
  drive: Drive,
  to: { live: string | null; weights: Record<string, number> },
): Promise<void> {
  if (to.live !== null) {
    const unfit = await rollbackTarget(drive.live, to.live);
    if (unfit !== undefined)
      throw new SwitchyardError("rollback-target-unhealthy", `The traffic was not moved back: ${unfit}.`);
  }
  const wanted = intend(drive, { live: to.live, weights: to.weights });
  const startedAt = new Date().toISOString();
  const ending = new AbortController();
  const began = Promise.withResolvers<"begun">();
  const operation = drive.stack
    .apply(wanted, { signal: AbortSignal.any([ending.signal, drive.gone]), onBegun: () => began.resolve("begun") })
    .then(
      () => "done" as const,
      (thrown: unknown) => ({ thrown }),
    );
  const late = (ms: number, what: string) =>
    after(ms, { thrown: new Error(`the stack operation had not ${what} after ${ms} ms`) });
  const first = await Promise.race([operation, began.promise, late(beginWithinMs, "begun")]);
  const last = first === "begun" ? await Promise.race([operation, late(endWithinMs, "ended")]) : first;
  if (last === "done") {
    drive.journal.write("written", { revision: wanted.revision });
    switched(drive, startedAt, to.weights, false);
    return;
  }
  await writeDirectly(drive, wanted, messageOf(last.thrown));
  ending.abort();
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms).unref());
}
