import type { Stack } from "@pulumi/pulumi/automation";
import type { EnvironmentName } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import type { TeamSettings } from "../../config/settings";
import type { Project } from "../project";
import { asSwitchyardError } from "./failures";
import { openStack } from "./workspace";

export const openEnvironment = (project: Project, environment: EnvironmentName, folder: string): Promise<Stack> =>
  openStack(project, environment, environment, folder);

/** The stack's outputs, opened; `team:<name>` among them may hold secrets: never print them. */
export async function environmentOutputs(stack: Stack): Promise<Record<string, unknown>> {
  try {
    return Object.fromEntries(Object.entries(await stack.outputs()).map(([name, { value }]) => [name, value]));
  } catch (thrown) {
    throw asSwitchyardError(thrown, stack.name, []);
  }
}

/** Whether an operation left anything, finished or not. */
export async function hasResources(stack: Stack): Promise<boolean> {
  try {
    const { resources } = Object((await stack.exportStack()).deployment);
    return Array.isArray(resources) && resources.length > 0;
  } catch (thrown) {
    throw asSwitchyardError(thrown, stack.name, []);
  }
}

/** Throws `environment-down` and `unknown-team`. */
export function teamSettings(environment: string, team: string, outputs: Record<string, unknown>): TeamSettings {
  const settings = outputs[`team:${team}`] as TeamSettings | undefined;
  if (settings) return settings;
  const teams = Object.keys(outputs).flatMap((name) => (name.startsWith("team:") ? [name.slice("team:".length)] : []));
  if (teams.length === 0) {
    throw new SwitchyardError("environment-down", `Environment ${environment} has not been brought up.`, {
      next: `Run \`switchyard up ${environment}\`.`,
    });
  }
  throw new SwitchyardError(
    "unknown-team",
    `Environment ${environment} has no team ${JSON.stringify(team)}; it has ${teams.join(", ")}.`,
    { facts: { teams } },
  );
}
