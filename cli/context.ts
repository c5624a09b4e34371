/** What a command finds when it runs. */
import type { Project, ProjectOptions } from "../automation";
import type { EnvironmentName } from "../config/environment";
import { SwitchyardError } from "../config/errors";
import { loadEnvironmentFile } from "../config/file";
import type { Interrupts } from "./interrupts";
import { unknownTeam } from "./names";
import type { Output } from "./output";

export type Driver = typeof import("../automation");

export interface Context {
  readonly projectDir: string;
  readonly engine: ProjectOptions["engine"];
  readonly verbose: boolean;
  readonly output: Output;
  readonly interrupts: Interrupts;
  /** Somebody sits there and can be asked. */
  readonly interactive: boolean;
}

/** The driver loads Pulumi's SDK, which takes longer than everything that can be said without it: help, and most mistakes. */
export async function openDriver({ projectDir, engine }: Context): Promise<{ driver: Driver; project: Project }> {
  const driver = await import("../automation/index.js");
  return { driver, project: driver.openProject({ dir: projectDir, ...(engine && { engine }) }) };
}

/** What `status` and `doctor` say of an environment that publishes no team. */
export const notUp = (environment: EnvironmentName): SwitchyardError =>
  new SwitchyardError("environment-down", `Environment ${environment} is not up.`, {
    next: `Run \`switchyard up ${environment}\`.`,
    facts: { environment },
  });

/**
 * A team that is in the config or, where that cannot be read or has lost it, in what the environment published: a broken
 * file must not stand between a person and a rollback. Throws `unknown-team`.
 */
export async function knownTeam(
  { driver, project }: { driver: Driver; project: Project },
  context: Context,
  environment: EnvironmentName,
  team: string,
): Promise<void> {
  const configured = teamsInFile(context.projectDir, environment);
  if (configured?.includes(team)) return;
  const published = await driver.teams(project, environment);
  if (published.includes(team)) return;
  throw unknownTeam(team, environment, [...new Set([...(configured ?? []), ...published])]);
}

function teamsInFile(projectDir: string, environment: EnvironmentName): string[] | undefined {
  try {
    return Object.keys(loadEnvironmentFile(projectDir, environment).teams);
  } catch (thrown) {
    if (thrown instanceof SwitchyardError && thrown.code === "config-invalid") return undefined;
    throw thrown;
  }
}
