import { SwitchyardError } from "../../../config/errors";
import type { TeamSettings } from "../../../config/settings";

/** The local platform's part of a team's settings; without it they were published by another platform. */
export function localSettings({ team, environment, local }: TeamSettings): NonNullable<TeamSettings["local"]> {
  if (local === undefined) {
    throw new SwitchyardError(
      "environment-down",
      `Environment ${environment} has not published where team ${team} runs locally.`,
    );
  }
  return local;
}
