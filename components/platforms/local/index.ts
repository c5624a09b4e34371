/** The local platform: slots are processes on this machine. The only place above `local/` that knows it. */
import { livePlatform } from "../../../local/client";
import { LocalProvider, packageName } from "../../../local/provider";
import type { Platform } from "../../platform";
import { localEnvironment } from "./environment";
import { localRelease } from "./release";

export const localPlatform: Platform = {
  name: "local",
  environment: localEnvironment,
  release: localRelease,
  live: livePlatform,
  providers: () => ({ [packageName]: () => new LocalProvider() }),
};
