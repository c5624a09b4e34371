/** Environments as a whole: up, and down again. */
import type { Stack } from "@pulumi/pulumi/automation";
import { platformOf } from "../components";
import { messageOf, SwitchyardError } from "../config/errors";
import type { TeamSettings } from "../config/settings";
import type { Observer } from "./api";
import { acquireLease, type Lease } from "./journal";
import { knownEnvironment, type Project } from "./project";
import { newId, type TeamView, viewTeam } from "./release";
import {
  clearDeadLocks,
  environmentOutputs,
  hasResources,
  openEnvironment,
  openTeam,
  operate,
  removeFolder,
  teamSettings,
} from "./stacks";

export interface EnvironmentOptions {
  observer?: Observer;
  signal?: AbortSignal;
}

export interface DownOptions extends EnvironmentOptions {
  /** Only this team's stack. */
  team?: string;
  /** Otherwise the teams' data stays on disk. */
  deleteData?: boolean;
}

/** Brings up what is permanent, and gives each team that has none yet its two empty slots and a route without traffic. */
export async function up(
  project: Project,
  name: string,
  options: EnvironmentOptions = {},
): Promise<{ url: string; teams: string[] }> {
  const environment = knownEnvironment(name);
  // a mistake in the file is said before any stack is made
  project.config(environment);
  const id = newId();
  try {
    const stack = await openEnvironment(project, environment, `${id}/environment`);
    clearDeadLocks(project, stack.name, undefined);
    // the refresh asks what runs, and starts again what does not: after a reboot too
    await operate(stack, "up", { signal: options.signal, line: options.observer?.line, refresh: true });
    const outputs = await environmentOutputs(stack);
    const teams = teamNames(outputs);
    await fewAtOnce(teams, (team) => firstRoute(project, teamSettings(name, team, outputs), `${id}/${team}`));
    return { url: String(outputs.url ?? ""), teams };
  } finally {
    removeFolder(project, id);
  }
}

/** By settings that were read once for all teams: an environment of many teams is long to read. */
async function firstRoute(project: Project, settings: TeamSettings, folder: string): Promise<void> {
  const stack = await openTeam(project, knownEnvironment(settings.environment), settings.team, folder);
  if ((await stack.held()) !== undefined) return;
  const live = await platformOf(settings.platform, settings.environment).live(settings).route();
  if (live !== null && Object.values(live.weights).some((weight) => weight > 0)) {
    throw new SwitchyardError(
      "state-damaged",
      `Stack ${stack.name} has no state, and yet the load balancer gives ${settings.team} traffic: the state is lost or somewhere else. Nothing was changed.`,
      {
        next: "Bring the state's folder (or PULUMI_BACKEND_URL) back; or give the running slots up with `switchyard down`.",
        facts: { live },
      },
    );
  }
  const empty = <T>(value: T) => Object.fromEntries(settings.slots.map(({ name }) => [name, value]));
  await stack.apply({ id: "", epoch: 0, revision: 0, live: null, slots: empty(null), weights: empty(0) });
}

/** Team stacks first, then the environment. Works when its daemons are dead. Throws `team-busy` while a release runs. */
export async function down(project: Project, name: string, options: DownOptions = {}): Promise<{ removed: string[] }> {
  const environment = knownEnvironment(name);
  // protection ends by an `up`, which needs all of the config
  project.config(environment);
  const id = newId();
  try {
    const stack = await openEnvironment(project, environment, `${id}/environment`);
    clearDeadLocks(project, stack.name, undefined);
    const known = teamNames(await environmentOutputs(stack));
    if (options.team !== undefined && !known.includes(options.team)) {
      throw new SwitchyardError(
        "unknown-team",
        `Environment ${environment} has no team ${JSON.stringify(options.team)}; it has ${known.join(", ") || "none"}.`,
      );
    }
    const teams = options.team === undefined ? known : [options.team];
    const taken: EndingTeam[] = [];
    try {
      // all of them or none: a release that runs stops the whole thing before anything is gone
      for (const team of teams) taken.push(await takeTeam(project, name, team));
      await fewAtOnce(taken, (team) => endTeam(team, options));
    } finally {
      for (const { view, lease } of taken) {
        lease.release();
        view.close();
      }
    }
    const removed = teams.map((team) => `${environment}.${team}`);
    if (options.team !== undefined) return { removed };
    // a first `up` that failed leaves resources too, and no team in the outputs
    if (known.length > 0 || (await hasResources(stack))) await unprotect(stack, options);
    await operate(stack, "destroy", { signal: options.signal, line: options.observer?.line });
    return { removed: [...removed, environment] };
  } finally {
    removeFolder(project, id);
  }
}

/** Protection is there against accidents; this is no accident. */
async function unprotect(stack: Stack, { deleteData, signal, observer }: DownOptions): Promise<void> {
  await stack.setConfig("switchyard:protect", { value: "false" });
  if (deleteData) await stack.setConfig("switchyard:deleteData", { value: "true" });
  try {
    await operate(stack, "up", { signal, line: observer?.line, continueOnError: true });
  } catch (thrown) {
    // What fails here, a port that is taken for example, may be why the environment goes; the destroy tells what is left.
    observer?.line?.(messageOf(thrown));
  }
}

interface EndingTeam {
  view: TeamView;
  lease: Lease;
}

/** The right to end a team, and nothing done yet. Throws `team-busy`. */
async function takeTeam(project: Project, environment: string, team: string): Promise<EndingTeam> {
  const view = await viewTeam(project, { environment, team }, newId());
  const nothing = () => undefined;
  try {
    const live = await view.live.route().catch(() => null);
    const above = { aboveEpoch: live?.epoch ?? 0, onAbort: nothing, onLost: nothing };
    const lease = acquireLease(project.records, view.stack.name, above);
    view.stack.drivenUnder(lease);
    return { view, lease };
  } catch (thrown) {
    view.close();
    throw thrown;
  }
}

async function endTeam({ view, lease }: EndingTeam, options: EnvironmentOptions): Promise<void> {
  const { stack, settings, project } = view;
  clearDeadLocks(project, stack.name, lease.predecessor);
  if ((await stack.held()) === undefined) {
    // slots that run without a state (it was lost) are nobody's; as empty ones they are this stack's again
    const empty = <T>(value: T) => Object.fromEntries(settings.slots.map(({ name }) => [name, value]));
    const gone = { id: "", revision: 1, live: null, slots: empty(null), weights: empty(0) };
    if (await view.live.route().catch(() => null)) await stack.apply({ ...gone, epoch: lease.epoch });
  }
  await stack.destroy({ signal: options.signal, line: options.observer?.line });
  project.records.run(
    "UPDATE release SET outcome = 'aborted', record = json_set(record, '$.report.outcome', 'aborted') WHERE stack = ? AND outcome IS NULL",
    stack.name,
  );
}

/** Stacks of this process share one thread: more of them at once are not sooner done, and each keeps its whole state in memory. */
const stacksAtOnce = 4;

async function fewAtOnce<T>(teams: T[], work: (team: T) => Promise<void>): Promise<void> {
  const waiting = [...teams];
  const worker = async () => {
    for (let team = waiting.shift(); team !== undefined; team = waiting.shift()) await work(team);
  };
  await Promise.all(Array.from({ length: stacksAtOnce }, worker));
}

const teamNames = (outputs: Record<string, unknown>): string[] =>
  Object.keys(outputs).flatMap((output) => (output.startsWith("team:") ? [output.slice("team:".length)] : []));
