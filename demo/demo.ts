/** The demo from an empty folder to its report. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { down, openProject, type Project, status, up } from "../automation";
import type { EnvironmentConfig } from "../config/environment";
import { messageOf } from "../config/errors";
import type { TeamConfig } from "../config/team";
import { parseDurationMs } from "../config/units";
import { drainsOf, releaseOf } from "./findings";
import { type Load, type Recording, startLoad } from "./load";
import { requestTotals, socketTotals } from "./measure";
import { conclude, narrator } from "./narrate";
import type { Options } from "./options";
import { environment, fillFolder, makeFolder } from "./place";
import { chapters, firstVersions } from "./plot";
import { endProcessesOf, processesOf } from "./processes";
import { seededRandom } from "./random";
import { completeReport, type Findings, type Report, timelineOf } from "./report";
import { type Run, runRelease } from "./run";
import { chapter, elapsedMs, event } from "./terminal";

const requestsPerSecond = 550;
const webSockets = 200;
/** The header with which the load balancer says which slot answered. */
const slotHeader = "x-switchyard-slot";
/** Steady traffic before the first release and after each chapter. */
const steadyMs = 1_200;
/** How long processes may take to end after the environment was taken down. */
const endingMs = 3_000;

/** What is there to be taken down again. */
interface Stage {
  dir: string;
  project: Project | undefined;
  load: Load | undefined;
}

/** What goes on after the demo. */
export interface Kept {
  dir: string;
  url: string;
}

/** Throws what stopped the demo from being played to its end; everything it started is ended then too. */
export async function playDemo(options: Options, signal: AbortSignal): Promise<{ report: Report; kept: Kept | null }> {
  const stage: Stage = { dir: await makeFolder(), project: undefined, load: undefined };
  try {
    const played = await play(stage, options, signal);
    const weightsThatDiffer = await differences(played.project);
    if (options.keep) {
      const kept = { dir: stage.dir, url: played.url };
      return { report: report(played, options, { weightsThatDiffer, processesLeft: null }), kept };
    }
    chapter("The end");
    event(`taken down: ${(await takeDown(stage)).join(", ")}`);
    const processesLeft = await leftBehind(stage.dir);
    await remove(stage);
    return { report: report(played, options, { weightsThatDiffer, processesLeft }), kept: null };
  } catch (thrown) {
    event(signal.aborted ? "interrupted: cleaning up" : `it stops here, and cleans up: ${messageOf(thrown)}`);
    await takeDown(stage).catch((alsoThrown: unknown) => event(messageOf(alsoThrown)));
    await remove(stage);
    throw thrown;
  }
}

interface Played {
  project: Project;
  /** As it was played: the file goes with the folder. */
  config: EnvironmentConfig;
  engine: string;
  url: string;
  recording: Recording;
  runs: Run[];
  startedAt: Date;
}

async function play(stage: Stage, { seed }: Options, signal: AbortSignal): Promise<Played> {
  const startedAt = new Date();
  const random = seededRandom(seed);
  chapter("Two teams, one environment");
  const { versions } = await fillFolder(stage.dir);
  event(`a git repository with ${versions} versions of two services is in ${stage.dir}`);
  const project = openProject({ dir: stage.dir });
  stage.project = project;
  const config = project.config(environment);
  const engine = project.engine(environment);
  const { url } = await up(project, environment, { signal });
  event(`environment ${environment} is up on ${url} (engine: ${engine}, seed: ${seed})`);
  const firsts = await Promise.all(firstVersions.map((plot) => runRelease(plot, stage.dir, narrator(plot), signal)));
  for (const { team, report: first } of firsts) {
    if (first.outcome !== "settled") throw new Error(`v1 of ${team} is ${first.outcome}: ${first.reason}`);
  }

  const load = await startLoad({ entryUrl: url, slotHeader, requestsPerSecond, webSockets, seed });
  stage.load = load;
  event(`load: ${requestsPerSecond} requests/s over both teams and ${webSockets} open WebSockets`);
  await sleep(steadyMs, undefined, { signal });

  const limitMs = latencyLimits(config);
  const runs: Run[] = [];
  for (const { title, releases } of chapters(random)) {
    chapter(title);
    const finished = await Promise.all(
      releases.map(async (plot) => {
        const run = await runRelease(plot, stage.dir, narrator(plot), signal);
        conclude(releaseOf(run, await load.since(run.startedAt), limitMs(plot.team)));
        return run;
      }),
    );
    runs.push(...finished);
    await sleep(steadyMs, undefined, { signal });
  }
  const recording = await load.stop();
  stage.load = undefined;
  return { project, config, engine, url, recording, runs, startedAt };
}

function teamOf({ teams }: EnvironmentConfig, team: string): TeamConfig {
  const found = teams[team];
  if (!found) throw new Error(`there is no team ${team} in the demo's config`);
  return found;
}

const latencyLimits = (config: EnvironmentConfig) => (team: string) =>
  parseDurationMs(teamOf(config, team).rules.latencyP99);

/** Where the load balancer's weights are not what the state says. */
async function differences(project: Project): Promise<string[]> {
  const teams = await status(project, environment);
  const shown = (weights: Record<string, number> | undefined) => JSON.stringify(weights ?? "nothing");
  return teams.flatMap(({ team, agrees, route, liveRoute }) =>
    agrees ? [] : [`${team}: ${shown(route?.weights)} in the state, ${shown(liveRoute?.weights)} at the load balancer`],
  );
}

async function takeDown({ load, project }: Stage): Promise<string[]> {
  await load?.stop().catch((thrown: unknown) => event(messageOf(thrown)));
  if (!project) return [];
  return (await down(project, environment, { deleteData: true })).removed;
}

/** The daemons answer before they end. What is there after that time was left behind. */
async function leftBehind(dir: string): Promise<string[]> {
  const deadline = elapsedMs() + endingMs;
  let left = processesOf(dir);
  while (left.length > 0 && elapsedMs() < deadline) {
    await sleep(50);
    left = processesOf(dir);
  }
  return left;
}

async function remove({ dir }: Stage): Promise<void> {
  endProcessesOf(dir);
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}

function report({ config, engine, recording, runs, startedAt }: Played, { seed }: Options, findings: Findings): Report {
  const limitMs = latencyLimits(config);
  const since = (at: number) => at - recording.startedAt;
  const bad = runs.flatMap(({ expected, team, label }) =>
    expected === "rolled-back" ? [{ team, version: label }] : [],
  );
  const requests = requestTotals(recording.answers, bad, limitMs);
  const drains = runs.flatMap((run) =>
    drainsOf(run, recording, limitMs(run.team), parseDurationMs(teamOf(config, run.team).release.drain)),
  );
  const sockets = socketTotals(
    recording.sockets,
    drains.sort((a, b) => a.lostTrafficAt - b.lostTrafficAt),
  );
  return completeReport(
    {
      startedAt: startedAt.toISOString(),
      durationMs: elapsedMs(),
      engine,
      seed,
      load: { requestsPerSecond, webSockets, durationMs: recording.endedAt - recording.startedAt },
      requests: {
        ...requests,
        failures: requests.failures.map(({ at, ...failure }) => ({ ...failure, atMs: since(at) })),
      },
      webSockets: { ...sockets, cuts: sockets.cuts.map(({ at, ...cut }) => ({ ...cut, atMs: since(at) })) },
      releases: runs.map((run) => releaseOf(run, recording, limitMs(run.team))),
      timeline: timelineOf(recording, limitMs),
    },
    findings,
  );
}
