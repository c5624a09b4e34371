import { setTimeout as sleep } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import type { ReleaseReport, ReleaseRequest } from "../api";
import { rollbackTarget } from "../gates";
import { findReleases, lastUnfinished, leaseHolder, type ReleaseRecord, requestAbort } from "../journal";
import type { Project } from "../project";
import { type Drive, newId, readTruth, startDrive, viewTeam } from "./drive";
import { weightsFor } from "./effects";
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
    if (stopped && last?.report.outcome && last.state.hadTraffic) return { ...last.report, outcome: last.report.outcome };
    const { config } = await readTruth(view);
    const to = candidateSlot(view, config.live);
    const version = config.slots[to] ?? null;
    if (config.live === null || version === null) {
      throw new SwitchyardError("no-rollback-target", `${to} of ${request.team} is empty: there is no other version to go back to.`);
    }
    const failed = failedVersion(last);
    if (failed === version.version && last?.report.to === to) {
      throw new SwitchyardError("no-rollback-target", `${to} of ${request.team} holds the version that was rolled back from (${version.ref}): ${last.report.reason}`);
    }
    const unfit = await rollbackTarget(view.live, to);
    if (unfit !== undefined) throw new SwitchyardError("rollback-target-unhealthy", `The traffic was not moved: ${unfit}.`);
    const blank = begin({ steps: [100], first: false, noData: "halt" }).release;
    const record: ReleaseRecord = {
      report: { id, environment: view.environment, team: request.team, version: version.version, ref: version.ref, from: config.live, to, outcome: null, reason: "", phases: [], gates: [], switches: [] },
      // a take-over finishes it: the traffic goes where the person wanted it
      state: { ...blank, phase: "roll-back", verified: true, exposed: true, hadTraffic: true, verdict: { outcome: "rolled-back", reason: "a person asked for it" } },
      before: { live: to, weights: config.weights },
      candidate: version,
    };
    const unfinished = lastUnfinished(project.records, view.stack.name);
    const drive = startDrive({ view, config, record, observer: request.observer, signal: undefined });
    record.before = { live: to, weights: weightsFor(drive, { [to]: 100 }) };
    if (unfinished) closeLeft(drive, unfinished);
    return await driven(drive, () => run(drive, goOn(record.state, false)));
  } finally {
    view.close();
  }
}

function failedVersion(last: ReleaseRecord | undefined): string | undefined {
  const bad = last?.report.outcome === "rolled-back" || last?.report.outcome === "aborted" || last?.report.outcome === "refused";
  return bad && last?.candidate ? last.candidate.version : undefined;
}

function closeLeft(drive: Drive, left: ReleaseRecord): void {
  const { records } = drive.project;
  const report = { ...left.report, outcome: "aborted" as const, reason: `its driver was gone, and rollback ${drive.record.report.id} took over` };
  records.run("UPDATE release SET outcome = ?, record = ? WHERE id = ?", "aborted", JSON.stringify({ ...left, report }), report.id);
}
