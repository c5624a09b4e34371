/** The one way to a platform. */
import type { PlatformName } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import type { Platform } from "../platform";
import { localPlatform } from "./local";

export type Platforms = Partial<Record<PlatformName, Platform>>;

/**
 * What a person can use. `kubernetes` is not among them until a release really runs there: its resources and its live side are
 * in `./kubernetes`, for tests.
 */
const offered: Platforms = { local: localPlatform };

/** Throws `platform-missing`. */
export function platformOf(name: PlatformName, environment: string, platforms: Platforms = offered): Platform {
  const platform = platforms[name];
  if (platform === undefined) {
    throw new SwitchyardError(
      "platform-missing",
      `Environment ${environment} asks for the platform ${name}, which this version of Switchyard does not have yet.`,
      { facts: { environment, platform: name, available: Object.keys(platforms) } },
    );
  }
  return platform;
}
