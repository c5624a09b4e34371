/** The demo from an empty folder to its report. */
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { down, openProject, type Project, status, up } from "../automation";
import { messageOf } from "../config/errors";
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
import { chapter, elapsedMs, event, say } from "./terminal";

const requestsPerSecond = 550;
const webSockets = 200;
/** The header with which the load balancer says which slot answered. */
const slotHeader = "x-switchyard-slot";
/** Steady traffic before the first release and after the last one. */
const steadyMs = 1_500;

/** What is there to be taken down again. */
interface Stage {
  dir: string;
  project: Project | undefined;
  load: Load | undefined;
}

/** Throws what stopped the demo from being played to its end; everything it started is ended then too. */
export async function playDemo(options: Options, signal: AbortSignal): Promise<Report> {
  const stage: Stage = { dir: await makeFolder(), project: undefined, load: undefined };
  try {
    const played = await play(stage, options, signal);
    const weightsThatDiffer = await differences(played.project);
    if (options.keep) return report(played, options, { weightsThatDiffer, processesLeft: null });
    chapter("The end");
    const removed = await takeDown(stage);
    event(`taken down: ${removed.join(", ")}`);
    const processesLeft = processesOf(stage.dir);
    return report(played, options, { weightsThatDiffer, processesLeft });
  } catch (thrown) {
    event(signal.aborted ? "interrupted: cleaning up" : `it stops here, and cleans up: ${messageOf(thrown)}`);
    await takeDown(stage).catch((alsoThrown: unknown) => event(messageOf(alsoThrown)));
    throw thrown;
  } finally {
    if (!options.keep || stage.project === undefined || signal.aborted) {
      endProcessesOf(stage.dir);
      await rm(stage.dir, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

interface Played {
  project: Project;
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
  const { url } = await up(project, environment, { signal });
  event(`environment ${environment} is up on ${url} (engine: ${project.engine(environment)}, seed: ${seed})`);
  const firsts = await Promise.all(firstVersions.map((plot) => runRelease(plot, stage.dir, narrator(plot), signal)));
  for (const { team, report: first } of firsts) {
    if (first.outcome !== "settled") throw new Error(`v1 of ${team} is ${first.outcome}: ${first.reason}`);
  }

  const load = await startLoad({ entryUrl: url, slotHeader, requestsPerSecond, webSockets, seed });
  stage.load = load;
  event(`load: ${requestsPerSecond} requests/s over both teams and ${webSockets} open WebSockets`);
  await sleep(steadyMs, undefined, { signal });

  const limitMs = latencyLimits(project);
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
  }
  await sleep(steadyMs, undefined, { signal });
  const recording = await load.stop();
  stage.load = undefined;
  return { project, recording, runs, startedAt };
}

const latencyLimits = (project: Project) => {
  const { teams } = project.config(environment);
  return (team: string) => parseDurationMs(teams[team]?.rules.latencyP99 ?? "1s");
};

/** Where the load balancer's weights are not what the state says. */
async function differences(project: Project): Promise<string[]> {
  const teams = await status(project, environment);
  const shown = (weights: Record<string, number> | undefined) => JSON.stringify(weights ?? "nothing");
  return teams.flatMap(({ team, agrees, route, liveRoute }) =>
    agrees
      ? []
      : [`${team}: ${shown(route?.weights)} in the state, ${shown(liveRoute?.weights)} at the load balancer`],
  );
}

async function takeDown({ load, project }: Stage): Promise<string[]> {
  await load?.stop();
  if (!project) return [];
  return (await down(project, environment, { deleteData: true })).removed;
}

function report({ project, recording, runs, startedAt }: Played, { seed }: Options, findings: Findings): Report {
  const limitMs = latencyLimits(project);
  const { teams } = project.config(environment);
  const since = (at: number) => at - recording.startedAt;
  const bad = runs.flatMap(({ expected, team, label }) => (expected === "rolled-back" ? [{ team, version: label }] : []));
  const requests = requestTotals(recording.answers, bad, limitMs);
  const drains = runs.flatMap((run) =>
    drainsOf(run, recording, limitMs(run.team), parseDurationMs(teams[run.team]?.release.drain ?? "0s")),
  );
  const sockets = socketTotals(recording.sockets, drains.sort((a, b) => a.lostTrafficAt - b.lostTrafficAt));
  return completeReport(
    {
      startedAt: startedAt.toISOString(),
      durationMs: elapsedMs(),
      engine: project.engine(environment),
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

/** How to go on with what `--keep` left. */
export function tellHowToStop(dir: string, url: string): void {
  say(`The environment goes on: ${url}`);
  say(`  npx switchyard status ${environment} --project ${dir}`);
  say(`  npx switchyard down ${environment} --delete-data --yes --project ${dir}    # ends it`);
}
