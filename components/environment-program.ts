/** The environment stack: everything permanent of all teams. */
import * as pulumi from "@pulumi/pulumi";
import { defaultPlatform, type EnvironmentConfig, type EnvironmentName } from "../config/environment";
import { SwitchyardError } from "../config/errors";
import { parseEnvironment } from "../config/load";
import { stackConfig } from "../config/pulumi";
import type { TeamSettings } from "../config/settings";
import { parseDurationMs } from "../config/units";
import { changesUnderTeams, type EnvironmentRecord, environmentRecord, guardReleases } from "./guards";
import type { EnvironmentResources } from "./platform";
import { type Platforms, platformOf } from "./platforms";
import { stackOutputs } from "./stack-outputs";
import { TeamEnvironment } from "./team-environment";
import { type TeamRecord, teamRecord } from "./team-record";

export async function environmentProgram(
  environment: EnvironmentName,
  projectDir: string,
  platforms?: Platforms,
): Promise<Record<string, unknown>> {
  const config = parseEnvironment(stackConfig());
  const platformName = config.platform ?? defaultPlatform[environment];
  const platform = platformOf(platformName, environment, platforms).environment({ projectDir, environment, config });
  const stack = pulumi.getStack();
  await refuseSecondName(environment, stack);
  const before = environmentRecord((await stackOutputs(stack)) ?? {});
  const after = plan(environment, config, platformName, platform, before);
  await guard(stack, before, after);

  const { kind, host, port, requestTimeout } = config.loadBalancer;
  const requestTimeoutMs = parseDurationMs(requestTimeout);
  const entry = platform.entry("load-balancer", { kind, host, port, requestTimeoutMs }, {});
  const teams = Object.entries(after.teams).map(([team, settings]) => {
    const { protect, deleteData } = config;
    const args = { platform, settings, entry: entry.resource, requestTimeoutMs, protect, deleteData };
    return [`team:${team}`, new TeamEnvironment(team, args).settings] as const;
  });
  return {
    environment,
    platform: platformName,
    url: entry.url,
    loadBalancer: config.loadBalancer,
    ...Object.fromEntries(teams),
  };
}

/** `development` may name the stack of `dev`, but two stacks of one environment would share its folders and ports. */
async function refuseSecondName(environment: EnvironmentName, stack: string): Promise<void> {
  if (stack === environment || Object.keys((await stackOutputs(environment)) ?? {}).length === 0) return;
  throw new SwitchyardError(
    "usage",
    `Environment ${environment} is up as stack ${environment}; ${stack} is another name for it.`,
    {
      next: `Use \`-s ${environment}\`.`,
    },
  );
}

/** What the environment will publish, worked out before anything is touched. */
function plan(
  environment: EnvironmentName,
  config: EnvironmentConfig,
  platformName: TeamSettings["platform"],
  platform: EnvironmentResources,
  before: EnvironmentRecord,
): EnvironmentRecord {
  const addresses = platform.addresses(config.teams, before.teams);
  const { host, port } = config.loadBalancer;
  const settings = Object.entries(config.teams).map(([team, teamConfig]): [string, TeamSettings] => [
    team,
    {
      version: 1,
      environment,
      team,
      platform: platformName,
      slots: [],
      ...addresses[team],
      entry: { host, port, paths: teamConfig.paths },
      branches: config.branches,
      config: teamConfig,
      secretEnv: config.secrets[team] ?? {},
    },
  ]);
  return { loadBalancer: config.loadBalancer, teams: Object.fromEntries(settings) };
}

/** Asks only the stacks of teams that something is about to change under. */
async function guard(stack: string, before: EnvironmentRecord, after: EnvironmentRecord): Promise<void> {
  const changes = changesUnderTeams(before, after);
  const teams = [...new Set(changes.map((change) => change.team))];
  const records = await Promise.all(
    teams.map(
      async (team): Promise<[string, TeamRecord | undefined]> => [
        team,
        teamRecord(await stackOutputs(`${stack}.${team}`)),
      ],
    ),
  );
  guardReleases(stack, changes, new Map(records));
}
