import { isDeepStrictEqual } from "node:util";
import { SwitchyardError } from "../../config/errors";
import type { ReleaseConfig } from "../../config/settings";
import type { ReleaseReport, ReleaseRequest, Target } from "../api";
import { weightsGate } from "../gates";
import { lastUnfinished, openReport, type ReleaseRecord, requestAbort } from "../journal";
import { knownEnvironment, type Project } from "../project";
import { resolveRef } from "../source";
import { type Drive, newId, readTruth, startDrive, type TeamView, viewTeam } from "./drive";
import { run } from "./loop";
import { candidateSlot } from "./plan";
import { begin, goOn } from "./state";
import { inTurn } from "./turn";
import { write } from "./write";

/**
 * Makes `ref` live: stage, verify, shift, bake, settle; or puts everything back. Throws where the question was wrong or
 * another driver is at work; how a release ended is in the report.
 */
export async function release(project: Project, request: ReleaseRequest): Promise<ReleaseReport> {
  project.config(knownEnvironment(request.environment));
  const id = newId();
  const view = await viewTeam(project, request, id);
  try {
    const { source } = view.settings.config;
    const { ref, commit } = await resolveRef(source, request.ref, {
      projectDir: project.dir,
      artifactsDir: project.artifactsDir,
    });
    const { release: policy } = view.settings.config;
    const drive = await inTurn(view, request.signal, async () => {
      const { config } = await readTruth(view);
      const record: ReleaseRecord = {
        report: openReport({
          id,
          environment: view.environment,
          team: request.team,
          version: commit,
          ref,
          from: config.live,
          to: candidateSlot(view, config.live),
        }),
        state: begin({ steps: policy.shift, first: config.live === null, noData: policy.noData }).release,
        before: { live: config.live, weights: config.weights },
        candidate: null,
      };
      return startDrive({ view, config, record, observer: request.observer, signal: request.signal });
    });
    return await driven(drive, () => run(drive, begin(drive.record.state)));
  } finally {
    view.close();
  }
}

/**
 * Finishes or undoes what a driver left. The first stack operation only claims the epoch, with the weights that the load
 * balancer has now. With no release on record, traffic goes to what was `live`. Throws `nothing-to-resume`, `team-busy`.
 */
export async function resume(project: Project, request: Omit<ReleaseRequest, "ref">): Promise<ReleaseReport> {
  const id = newId();
  const view = await viewTeam(project, request, id);
  try {
    const unfinished = lastUnfinished(project.records, view.stack.name);
    const { config, state, live } = await readTruth(view);
    const agree =
      weightsGate(state, live).verdict === "pass" && state?.live === live?.live && state?.epoch === live?.epoch;
    const whole =
      config.live === null
        ? Object.values(config.weights).every((weight) => weight === 0)
        : config.weights[config.live] === 100;
    if (unfinished === undefined && agree && whole) {
      throw new SwitchyardError(
        "nothing-to-resume",
        `No release of ${request.team} in ${view.environment} was left unfinished, and the load balancer has what the state says.`,
      );
    }
    const record = unfinished ? structuredClone(unfinished) : reconciliation(view, id, config);
    record.report.outcome = null;
    refuseLostSlots(view, config, record);
    const drive = startDrive({ view, config, record, observer: request.observer, signal: request.signal });
    return await driven(drive, async () => {
      // between the reading and the lease somebody else may have gone on with it
      if (!isDeepStrictEqual(lastUnfinished(project.records, view.stack.name), unfinished))
        throw new SwitchyardError("team-busy", `Another driver has just worked on ${view.stack.name}.`);
      await claim(drive);
      return run(drive, goOn(record.state));
    });
  } finally {
    view.close();
  }
}

/** Asks the team's driver to stop and to put the traffic back. Throws `nothing-to-resume` where none is at work. */
export async function abort(project: Project, target: Target): Promise<{ id: string }> {
  const stack = `${knownEnvironment(target.environment)}.${target.team}`;
  const asked = requestAbort(project.records, stack, "a person asked for it with `switchyard abort`");
  const left = lastUnfinished(project.records, stack);
  if (asked) return { id: left?.report.id ?? "" };
  throw new SwitchyardError(
    "nothing-to-resume",
    left
      ? `The driver of ${stack} is gone; its release ${left.report.id} is unfinished.`
      : `No release of ${stack} is running.`,
    {
      next: left ? `Run \`switchyard resume ${target.team} ${target.environment}\`.` : "Nothing to do.",
    },
  );
}

export async function driven<T>(drive: Drive, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    if (!drive.lost()) drive.lease.release();
  }
}

/** A slot that has traffic and is in no record cannot be declared: the state was lost, and only its backup knows. */
function refuseLostSlots(
  view: TeamView,
  { slots, weights }: ReleaseConfig,
  { report, candidate }: ReleaseRecord,
): void {
  const known = (slot: string) => slots[slot] != null || (slot === report.to && candidate !== null);
  const lost = Object.keys(weights).filter((slot) => (weights[slot] ?? 0) > 0 && !known(slot));
  if (lost.length === 0) return;
  throw new SwitchyardError(
    "state-damaged",
    `Stack ${view.stack.name} knows nothing of ${lost.join(", ")}, and yet the load balancer gives it traffic: the state is lost or somewhere else. Nothing was changed.`,
    {
      next: `Bring the state's folder (or PULUMI_BACKEND_URL) back; or give the running slots up with \`switchyard down ${view.environment}\`.`,
    },
  );
}

/** Takes the route over as it is. A candidate that the state forgot while it has traffic is known from the record. */
async function claim(drive: Drive): Promise<void> {
  const slots = { ...drive.config.slots };
  const { to } = drive.record.report;
  if ((drive.config.weights[to] ?? 0) > 0 && slots[to] === null) slots[to] = drive.record.candidate;
  await write(drive, { slots });
}

/** No release is on record, and yet weights and state differ: go back to what was live. */
function reconciliation(
  view: TeamView,
  id: string,
  config: { live: string | null; weights: Record<string, number>; slots: ReleaseSlots },
): ReleaseRecord {
  const to = candidateSlot(view, config.live);
  const weights = Object.fromEntries(Object.keys(config.weights).map((slot) => [slot, slot === config.live ? 100 : 0]));
  const state = begin({ steps: [100], first: config.live === null, noData: "halt" }).release;
  return {
    report: openReport({
      id,
      environment: view.environment,
      team: view.settings.team,
      version: config.slots[to]?.version ?? "",
      ref: config.slots[to]?.ref ?? "",
      from: config.live,
      to,
    }),
    state: {
      ...state,
      phase: "roll-back",
      exposed: true,
      hadTraffic: true,
      verdict: {
        outcome: "resumed",
        reason: "load balancer and state disagreed with no release on record: traffic is with the live slot",
      },
    },
    before: { live: config.live, weights },
    candidate: null,
  };
}

type ReleaseSlots = Record<string, { version: string; ref: string } | null>;
