/** One driver over one team, for the time of its lease: everything an effect needs to act. */
import { randomBytes } from "node:crypto";
import { type LivePlatform, platformOf } from "../../components";
import type { EnvironmentName } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import type { ReleaseConfig, RouteState, TeamSettings } from "../../config/settings";
import type { Observer, Target } from "../api";
import { acquireLease, type Journal, type Lease, openJournal, type ReleaseRecord, saveRelease } from "../journal";
import { knownEnvironment, type Project } from "../project";
import {
  clearDeadLocks,
  environmentOutputs,
  openEnvironment,
  openTeam,
  removeFolder,
  type TeamStack,
  teamSettings,
} from "../stacks";

/** A team as the driver finds it, before it has the right to change anything. */
export interface TeamView {
  project: Project;
  environment: EnvironmentName;
  settings: TeamSettings;
  live: LivePlatform;
  stack: TeamStack;
  /** The driver's private folder is no longer needed. */
  close(): void;
}

export interface Drive extends TeamView {
  lease: Lease;
  journal: Journal;
  record: ReleaseRecord;
  /** The stack's config as last written; each write counts the revision up. */
  config: ReleaseConfig;
  observer: Observer;
  /** Ends what is under way, with the reason. */
  stop: AbortController;
  /** Aborts when the lease is lost, and for no other reason. */
  gone: AbortSignal;
  lost(): boolean;
  save(): void;
}

export const newId = (): string =>
  `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").toLowerCase()}-${randomBytes(3).toString("hex")}`;

/** Throws `environment-down`, `unknown-team`, `unknown-environment`. */
export async function viewTeam(project: Project, target: Target, id: string): Promise<TeamView> {
  const environment = knownEnvironment(target.environment);
  const outputs = await environmentOutputs(await openEnvironment(project, environment, `${id}/environment`));
  const settings = teamSettings(environment, target.team, outputs);
  const live = platformOf(settings.platform, environment).live(settings);
  const stack = await openTeam(project, environment, target.team, `${id}/team`);
  return { project, environment, settings, live, stack, close: () => removeFolder(project, id) };
}

/** What is: the newer of what the load balancer and the state say about the route, and what the state says is in the slots. */
export async function readTruth(
  view: TeamView,
): Promise<{ config: ReleaseConfig; state: RouteState | undefined; live: RouteState | null }> {
  const [held, live] = await Promise.all([view.stack.held(), view.live.route()]);
  const state = held?.route;
  const newest =
    live && (!state || live.epoch > state.epoch || (live.epoch === state.epoch && live.revision > state.revision))
      ? live
      : state;
  const names = view.settings.slots.map(({ name }) => name);
  return {
    state,
    live,
    config: {
      id: newest?.release ?? "",
      epoch: newest?.epoch ?? 0,
      revision: newest?.revision ?? 0,
      live: newest?.live ?? null,
      slots: Object.fromEntries(names.map((name) => [name, held?.slots[name] ?? null])),
      weights: Object.fromEntries(names.map((name) => [name, newest?.weights[name] ?? 0])),
    },
  };
}

interface DriveOptions {
  view: TeamView;
  config: ReleaseConfig;
  record: ReleaseRecord;
  observer: Observer | undefined;
  signal: AbortSignal | undefined;
}

/** Takes the lease. From here on this driver alone may move the team's traffic. Throws `team-busy`. */
export function startDrive({ view, config, record, observer = {}, signal }: DriveOptions): Drive {
  const { project, stack } = view;
  const stop = new AbortController();
  const gone = new AbortController();
  const lease = acquireLease(project.records, stack.name, {
    aboveEpoch: config.epoch,
    onAbort: (reason) => stop.abort(new SwitchyardError("interrupted", reason)),
    onLost: () => {
      gone.abort(new SwitchyardError("lease-lost", `Another driver took ${stack.name} over.`));
      stop.abort(gone.signal.reason);
    },
  });
  stack.drivenUnder(lease);
  const interrupted = () => stop.abort(new SwitchyardError("interrupted", "the release was interrupted"));
  if (signal?.aborted) interrupted();
  else signal?.addEventListener("abort", interrupted, { once: true });
  try {
    clearDeadLocks(project, stack.name, lease.predecessor);
    return {
      ...view,
      lease,
      record,
      observer,
      stop,
      journal: openJournal(project.records, record.report.id, lease, (entry) => observer.journal?.(entry)),
      config: { ...config, id: record.report.id, epoch: lease.epoch, revision: 0 },
      gone: gone.signal,
      lost: () => gone.signal.aborted,
      save: () => lease.holding(() => saveRelease(project.records, stack.name, record)),
    };
  } catch (thrown) {
    // nobody would give it back otherwise, for as long as this process lives
    lease.release();
    throw thrown;
  }
}
