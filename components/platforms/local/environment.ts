import { join } from "node:path";
import { type EnvironmentConfig, environmentFolders } from "../../../config/environment";
import { AlarmSet, LoadBalancer, Namespace, TargetGroup, TeamData } from "../../../local/provider";
import type { EnvironmentResources } from "../../platform";
import { blockOf, portsOfTeam, slotAddresses } from "./addresses";
import { localSettings } from "./settings";

/** No dashboard: the local platform has no resource behind one yet. */
export function localEnvironment(where: {
  projectDir: string;
  environment: string;
  config: EnvironmentConfig;
}): EnvironmentResources {
  const { runtimeDir, dataDir } = environmentFolders(where.projectDir, where.environment, where.config);
  return {
    addresses: (teams, last) => {
      const slots = slotAddresses(teams, last, where.config);
      return Object.fromEntries(
        Object.keys(teams).map((team) => {
          const directory = join(dataDir, team);
          return [
            team,
            {
              slots: slots[team] ?? [],
              local: {
                runtimeDir,
                dataDir: join(directory, "data"),
                databaseFile: join(directory, "data", `${team}.sqlite`),
              },
            },
          ];
        }),
      );
    },
    entry: (name, spec, options) => {
      const resource = new LoadBalancer(name, { runtimeDir, ...spec }, options);
      return { resource, url: resource.url };
    },
    namespace: (name, { settings, limits }, options) =>
      new Namespace(
        name,
        {
          runtimeDir,
          team: settings.team,
          directory: join(dataDir, settings.team),
          firstPort: blockOf(settings.slots),
          portCount: portsOfTeam,
          limits,
        },
        options,
      ),
    data: (name, { settings, deleteData }, options) => {
      const { dataDir: directory, databaseFile } = localSettings(settings);
      return new TeamData(name, { runtimeDir, directory, databaseFile, deleteData }, options);
    },
    targetGroup: (name, spec, options) => new TargetGroup(name, { runtimeDir, ...spec }, options),
    alarms: (name, spec, options) => new AlarmSet(name, { runtimeDir, ...spec }, options),
  };
}
