/** Questions; nothing in here changes anything. */
import type { RouteState } from "../config/settings";
import type { ReleaseReport, SlotStatus, TeamStatus } from "./api";
import { weightsGate } from "./gates";
import { findReleases, lastUnfinished, leaseHolder } from "./journal";
import { knownEnvironment, type Project } from "./project";
import { newId, readTruth, type TeamView, viewTeam } from "./release";
import { environmentOutputs, openEnvironment, removeFolder } from "./stacks";

/** The names of the environment's teams; none where it is not up. */
export async function teams(project: Project, environment: string): Promise<string[]> {
  const id = newId();
  try {
    const stack = await openEnvironment(project, knownEnvironment(environment), id);
    const outputs = Object.keys(await environmentOutputs(stack));
    return outputs.flatMap((name) => (name.startsWith("team:") ? [name.slice("team:".length)] : []));
  } finally {
    removeFolder(project, id);
  }
}

export async function status(project: Project, environment: string): Promise<TeamStatus[]> {
  const names = await teams(project, environment);
  return Promise.all(names.map((team) => inspected(project, environment, team, teamStatus)));
}

/** Newest first. A release that is running or was left has the outcome `halted` only once somebody decides; until then it is not listed. */
export async function history(
  project: Project,
  where: { environment: string; team?: string; limit?: number },
): Promise<ReleaseReport[]> {
  const found = findReleases(project.records, {
    environment: knownEnvironment(where.environment),
    team: where.team,
    ended: true,
    limit: where.limit ?? 20,
  });
  return found.flatMap(({ report }) => (report.outcome === null ? [] : [{ ...report, outcome: report.outcome }]));
}

/** The last lines of the logs of a team's slots, oldest first. */
export async function slotLogs(
  project: Project,
  where: { environment: string; team: string; slot?: string; lines: number },
): Promise<{ slot: string; lines: string[] }[]> {
  return inspected(project, where.environment, where.team, ({ settings, live }) => {
    const slots = settings.slots
      .map(({ name }) => name)
      .filter((name) => where.slot === undefined || name === where.slot);
    return Promise.all(slots.map(async (slot) => ({ slot, lines: await live.logs(slot, where.lines) })));
  });
}

async function inspected<T>(
  project: Project,
  environment: string,
  team: string,
  ask: (view: TeamView) => Promise<T>,
): Promise<T> {
  const view = await viewTeam(project, { environment, team }, newId());
  try {
    return await ask(view);
  } finally {
    view.close();
  }
}

async function teamStatus(view: TeamView): Promise<TeamStatus> {
  const { project, stack, settings, environment } = view;
  const unreachable: RouteState | null = null;
  const liveRoute = await view.live.route().catch(() => unreachable);
  const traffic = await view.live.traffic().catch(() => undefined);
  const held = await stack.held();
  const { config } = await readTruth({ ...view, live: { ...view.live, route: async () => liveRoute } });
  const slots = settings.slots.map(async ({ name }): Promise<SlotStatus> => {
    const version = config.slots[name] ?? null;
    const condition = await view.live
      .slot(name)
      .catch(() => ({ state: "unknown", detail: "the platform does not answer" }));
    return {
      slot: name,
      weight: config.weights[name] ?? 0,
      live: config.live === name,
      version: version?.version ?? null,
      ref: version?.ref ?? null,
      condition: condition.state,
      detail: condition.detail,
      url: view.live.slotUrl(name),
      webSockets: traffic?.slots[name]?.webSockets ?? 0,
      stopAfter: version?.stopAfter ?? null,
    };
  });
  const left = lastUnfinished(project.records, stack.name);
  return {
    team: settings.team,
    environment,
    route: held?.route ?? null,
    liveRoute,
    agrees: weightsGate(held?.route, liveRoute).verdict === "pass",
    slots: await Promise.all(slots),
    driver: leaseHolder(project.records, stack.name) ?? null,
    unfinished: left
      ? { id: left.report.id, phase: left.state.halted?.phase ?? left.state.phase, ref: left.report.ref }
      : null,
    config,
  };
}
