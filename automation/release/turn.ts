import { setTimeout as sleep } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import { lastUnfinished, leaseHolder, requestAbort } from "../journal";
import type { TeamView } from "./drive";

/**
 * Runs `begin`, which takes the lease, when the team is free. By the team's policy the running release is waited for, ended,
 * or this one is refused. Of several that waited one comes first, and the others wait on.
 */
export async function inTurn<T>(view: TeamView, signal: AbortSignal | undefined, begin: () => Promise<T>): Promise<T> {
  for (;;) {
    await free(view, signal);
    refuseUnfinished(view);
    try {
      return await begin();
    } catch (thrown) {
      const busy = thrown instanceof SwitchyardError && thrown.code === "team-busy";
      if (!busy || view.settings.config.release.concurrent === "refuse") throw thrown;
    }
  }
}

async function free(view: TeamView, signal: AbortSignal | undefined): Promise<void> {
  const { records } = view.project;
  const { concurrent } = view.settings.config.release;
  const first = leaseHolder(records, view.stack.name);
  if (!first?.alive) return;
  if (concurrent === "refuse") {
    throw new SwitchyardError(
      "team-busy",
      `Another driver (pid ${first.pid} on ${first.host}) is releasing on ${view.stack.name}.`,
    );
  }
  if (concurrent === "replace") requestAbort(records, view.stack.name, "a newer release replaces this one");
  while (leaseHolder(records, view.stack.name)?.alive) {
    if (signal?.aborted) throw new SwitchyardError("interrupted", "Interrupted while another release was waited for.");
    await sleep(100);
  }
}

function refuseUnfinished(view: TeamView): void {
  const left = lastUnfinished(view.project.records, view.stack.name);
  if (left === undefined || leaseHolder(view.project.records, view.stack.name)?.alive) return;
  const { id, team, outcome, reason } = left.report;
  const where = `${team} ${view.environment}`;
  if (outcome === "halted") {
    throw new SwitchyardError("halted", `Release ${id} of ${team} is halted: ${reason}.`, {
      next: `Accept it with \`switchyard resume ${where}\`, or put the traffic back with \`switchyard rollback ${where}\`.`,
    });
  }
  throw new SwitchyardError(
    "team-busy",
    `Release ${id} of ${team} was left in phase ${left.state.phase} by a driver that is gone.`,
    {
      next: `Run \`switchyard resume ${where}\` first.`,
    },
  );
}
