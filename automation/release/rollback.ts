import { setTimeout as sleep } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import type { ReleaseConfig } from "../../config/settings";
import type { ReleaseReport, ReleaseRequest } from "../api";
import { rollbackTarget } from "../gates";
import { findReleases, lastUnfinished, leaseHolder, openReport, type ReleaseRecord, requestAbort } from "../journal";
import type { Project } from "../project";
import { type Drive, newId, readTruth, startDrive, type TeamView, viewTeam } from "./drive";
import { run } from "./loop";
import { candidateSlot } from "./plan";
import { driven } from "./release";
import { begin, goOn } from "./state";

/**
 * Puts the traffic to the other slot, as long as it is warm. A release that is running is stopped first, which puts its
 * traffic back itself. Throws `no-rollback-target`, `rollback-target-unhealthy`.
 */
export async function rollback(project: Project, request: Omit<ReleaseRequest, "ref">): Promise<ReleaseReport> {
  const id = newId();
  const view = await viewTeam(project, request, id);
  try {
    const stopped = requestAbort(project.records, view.stack.name, "a person asked for a rollback");
    while (stopped && leaseHolder(project.records, view.stack.name)?.alive) await sleep(50);
    const [last] = findReleases(project.records, { environment: view.environment, team: request.team, limit: 1 });
    if (stopped && last?.report.outcome && last.state.hadTraffic)
      return { ...last.report, outcome: last.report.outcome };
    const { config } = await readTruth(view);
    const way = wayBack(view, config, last);
    if (way.to !== null) {
      const unfit = await rollbackTarget(view.live, way.to);
      if (unfit !== undefined)
        throw new SwitchyardError("rollback-target-unhealthy", `The traffic was not moved: ${unfit}.`);
    }
    const to = way.to ?? way.from;
    const version = config.slots[to] ?? null;
    const weights = Object.fromEntries(Object.keys(config.weights).map((slot) => [slot, slot === way.to ? 100 : 0]));
    const blank = begin({ steps: [100], first: false, noData: "halt" }).release;
    const record: ReleaseRecord = {
      report: openReport({
        id,
        environment: view.environment,
        team: request.team,
        version: version?.version ?? "",
        ref: version?.ref ?? "",
        from: way.from,
        to,
      }),
      state: {
        ...blank,
        phase: "roll-back",
        verified: true,
        exposed: true,
        hadTraffic: true,
        verdict: { outcome: "rolled-back", reason: "a person asked for it" },
      },
      before: { live: way.to, weights },
      candidate: version,
    };
    const unfinished = lastUnfinished(project.records, view.stack.name);
    const drive = startDrive({ view, config, record, observer: request.observer, signal: undefined });
    if (unfinished) closeLeft(drive, unfinished);
    return await driven(drive, () => run(drive, goOn(record.state, false)));
  } finally {
    view.close();
  }
}

/**
 * From the slot with the traffic to the one it came from. While a release has moved traffic and not settled, that is the
 * slot the state still calls live (null: the first release, nothing was live). After it settled, the other one, as long as
 * it is warm: it was live once, so it has an end. A slot without one holds a candidate that proved nothing.
 */
function wayBack(
  view: TeamView,
  { live, weights, slots }: ReleaseConfig,
  last: ReleaseRecord | undefined,
): { from: string; to: string | null } {
  const carrying = Object.keys(weights).find((slot) => slot !== live && (weights[slot] ?? 0) > 0);
  if (carrying !== undefined) return { from: carrying, to: live };
  const to = candidateSlot(view, live);
  const version = slots[to] ?? null;
  const nothing = (why: string) =>
    new SwitchyardError("no-rollback-target", `There is no version of ${view.settings.team} to go back to: ${why}.`);
  if (live === null || version === null) throw nothing(`${to} is empty`);
  if (version.stopAfter === undefined) throw nothing(`${to} holds a candidate that was never live (${version.ref})`);
  const bad = last?.report.outcome !== "settled" && last?.report.outcome !== "resumed";
  if (bad && last?.state.hadTraffic && last.before.live === live) {
    throw nothing(`${to} holds the version that the traffic was taken from (${version.ref}): ${last.report.reason}`);
  }
  return { from: live, to };
}

function closeLeft(drive: Drive, left: ReleaseRecord): void {
  const { records } = drive.project;
  const report = {
    ...left.report,
    outcome: "aborted" as const,
    reason:
      left.report.outcome === "halted"
        ? `${left.report.reason}; a person took it back`
        : "its driver was gone, and a person took it back",
  };
  records.run(
    "UPDATE release SET outcome = ?, record = ? WHERE id = ?",
    "aborted",
    JSON.stringify({ ...left, report }),
    report.id,
  );
}
