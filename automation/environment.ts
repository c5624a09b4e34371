/** Environments as a whole: up, and down again. */
import type { Stack } from "@pulumi/pulumi/automation";
import { platformOf } from "../components";
import { defaultPlatform } from "../config/environment";
import { messageOf, SwitchyardError } from "../config/errors";
import type { TeamSettings } from "../config/settings";
import type { Observer } from "./api";
import { acquireLease } from "./journal";
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
  // a mistake in the file, or a platform that is not there, is said before any stack is made
  const config = project.config(environment);
  platformOf(config.platform ?? defaultPlatform[environment], environment);
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
  const empty = <T>(value: T) => Object.fromEntries(settings.slots.map(({ name }) => [name, value]));
  await stack.apply({ id: "", epoch: 0, revision: 0, live: null, slots: empty(null), weights: empty(0) });
}

/** Team stacks first, then the environment. Works when its daemons are dead. Throws `team-busy` while a release runs. */
export async function down(project: Project, name: string, options: DownOptions = {}): Promise<{ removed: string[] }> {
  const environment = knownEnvironment(name);
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
    await fewAtOnce(teams, (team) => endTeam(project, name, team, options));
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
    await operate(stack, "up", { signal, line: observer?.line });
  } catch (thrown) {
    // What fails here, a port that is taken for example, may be why the environment goes; the destroy tells what is left.
    observer?.line?.(messageOf(thrown));
  }
}

async function endTeam(
  project: Project,
  environment: string,
  team: string,
  options: EnvironmentOptions,
): Promise<void> {
  const view: TeamView = await viewTeam(project, { environment, team }, newId());
  const nothing = () => undefined;
  const lease = acquireLease(project.records, view.stack.name, { aboveEpoch: 0, onAbort: nothing, onLost: nothing });
  try {
    clearDeadLocks(project, view.stack.name, lease.predecessor);
    await view.stack.destroy({ signal: options.signal, line: options.observer?.line });
    project.records.run(
      "UPDATE release SET outcome = 'aborted', record = json_set(record, '$.report.outcome', 'aborted') WHERE stack = ? AND outcome IS NULL",
      view.stack.name,
    );
  } finally {
    lease.release();
    view.close();
  }
}

/** Stacks of this process share one thread: more of them at once are not sooner done, and each keeps its whole state in memory. */
const stacksAtOnce = 4;

async function fewAtOnce(teams: string[], work: (team: string) => Promise<void>): Promise<void> {
  const waiting = [...teams];
  const worker = async () => {
    for (let team = waiting.shift(); team !== undefined; team = waiting.shift()) await work(team);
  };
  await Promise.all(Array.from({ length: stacksAtOnce }, worker));
}

const teamNames = (outputs: Record<string, unknown>): string[] =>
  Object.keys(outputs).flatMap((output) => (output.startsWith("team:") ? [output.slice("team:".length)] : []));
