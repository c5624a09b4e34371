import * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../../config/settings";
import { Route, Workload } from "../../../local/provider";
import type { ReleaseResources } from "../../platform";
import { localSettings } from "./settings";

/** No images: a slot runs the directory of a built version. */
export function localRelease(settings: TeamSettings): ReleaseResources {
  const { runtimeDir, dataDir, databaseFile } = localSettings(settings);
  return {
    workload: (name, { version, env, keepSettings, image: _, ...spec }, options) => {
      const resource = new Workload(
        name,
        {
          runtimeDir,
          ...spec,
          version: version?.version ?? null,
          command: version?.start ?? [],
          cwd: version?.artifact ?? null,
          env: version === null ? env : { ...env, DATA_DIR: dataDir, DATABASE_FILE: databaseFile },
          stopAfter: version?.stopAfter ?? null,
        },
        keepSettings ? { ...options, ignoreChanges: ["env", "secretEnv", "limits"] } : options,
      );
      return { resource, version: resource.version };
    },
    route: (name, spec, options) => {
      const route = new Route(name, { runtimeDir, ...spec }, options);
      const { live, weights, epoch, revision, release } = route;
      return { resource: route, state: pulumi.output({ live, weights, epoch, revision, release }) };
    },
  };
}
