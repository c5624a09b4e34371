/** The one way to a platform. */
import type { PlatformName } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import type { Platform } from "../platform";
import { localPlatform } from "./local";

const platforms: Partial<Record<PlatformName, Platform>> = { local: localPlatform };

/** Throws `platform-missing`. */
export function platformOf(name: PlatformName, environment: string): Platform {
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
