import * as pulumi from "@pulumi/pulumi";
import type { SlotSettings, TeamSettings } from "../config/settings";
import { AlarmSet, type AlarmSetArgs } from "./alarm-set";
import { sealed } from "./deployment-slot";
import type { EnvironmentResources } from "./platform";
import { TargetGroup, type TargetGroupArgs } from "./target-group";
import { TeamDashboard, type TeamDashboardArgs } from "./team-dashboard";
import { TeamData, type TeamDataArgs } from "./team-data";
import { TeamNamespace, type TeamNamespaceArgs } from "./team-namespace";

export interface TeamEnvironmentArgs {
  platform: EnvironmentResources;
  /** As planned; they become the `settings` of this component once everything in them exists. */
  settings: TeamSettings;
  /** The environment's load balancer. */
  entry: pulumi.Resource;
  requestTimeoutMs: number;
  /** Whether Pulumi refuses to delete the namespace and the data. */
  protect: boolean;
  /** Whether a delete of the data's resource deletes the data too. */
  deleteData: boolean;
  transform?: TeamNamespaceArgs["transform"] &
    TeamDataArgs["transform"] &
    TargetGroupArgs["transform"] &
    AlarmSetArgs["transform"] &
    TeamDashboardArgs["transform"];
}

/** `TeamSettings` on their way into the stack's outputs: secrets are still sealed. */
export type PublishedSettings = Omit<TeamSettings, "secretEnv"> & { secretEnv: pulumi.Input<Record<string, string>> };

/** Everything of one team that is permanent. What a release changes is in `TeamRelease`, in a stack of its own. */
export class TeamEnvironment extends pulumi.ComponentResource {
  /** What the team stack and the driver need to know; `secretEnv` in it is a secret. */
  readonly settings: pulumi.Output<PublishedSettings>;
  readonly nodes: {
    namespace: TeamNamespace;
    data: TeamData;
    targetGroups: TargetGroup[];
    alarms: AlarmSet;
    dashboard: TeamDashboard | undefined;
  };

  constructor(name: string, args: TeamEnvironmentArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TeamEnvironment", name, {}, options);
    const namespace = createNamespace(this, name, args);
    const data = createData(this, name, args, namespace);
    const targetGroups = args.settings.slots.map((slot) => createTargetGroup(this, name, args, slot));
    const alarms = createAlarms(this, name, args);
    const dashboard = createDashboard(this, name, args);
    this.nodes = { namespace, data, targetGroups, alarms, dashboard };
    this.settings = settingsOnce(args.settings, this.nodes);
    this.registerOutputs({});
  }
}

function createNamespace(parent: TeamEnvironment, name: string, args: TeamEnvironmentArgs): TeamNamespace {
  const { platform, settings, protect, transform } = args;
  const { memoryMb, cpus } = settings.config.quotas;
  return new TeamNamespace(name, { platform, settings, limits: { memoryMb, cpus }, transform }, { parent, protect });
}

function createData(
  parent: TeamEnvironment,
  name: string,
  { platform, settings, protect, deleteData, transform }: TeamEnvironmentArgs,
  { nodes: { namespace } }: TeamNamespace,
): TeamData {
  return new TeamData(name, { platform, settings, deleteData, namespace, transform }, { parent, protect });
}

function createTargetGroup(
  parent: TeamEnvironment,
  name: string,
  { platform, settings, entry, requestTimeoutMs, transform }: TeamEnvironmentArgs,
  slot: SlotSettings,
): TargetGroup {
  const args = { platform, settings, slot, entry, requestTimeoutMs, transform };
  return new TargetGroup(`${name}-${slot.name}`, args, { parent });
}

function createAlarms(parent: TeamEnvironment, name: string, args: TeamEnvironmentArgs): AlarmSet {
  const { platform, settings, entry, transform } = args;
  const { team, config } = settings;
  return new AlarmSet(name, { platform, team, rules: config.rules, entry, transform }, { parent });
}

function createDashboard(
  parent: TeamEnvironment,
  name: string,
  { platform, settings, transform }: TeamEnvironmentArgs,
): TeamDashboard | undefined {
  const dashboard = platform.dashboard?.bind(platform);
  if (dashboard === undefined) return undefined;
  const { team, slots, config } = settings;
  const args = {
    platform: { dashboard },
    team,
    slots: slots.map((slot) => slot.name),
    metrics: config.metrics,
    transform,
  };
  return new TeamDashboard(name, args, { parent });
}

/** A failed update must not publish an address that nothing stands behind, so the settings wait for the resources. */
function settingsOnce(settings: TeamSettings, nodes: TeamEnvironment["nodes"]): pulumi.Output<PublishedSettings> {
  const made = [
    nodes.namespace.nodes.namespace,
    nodes.data.nodes.data,
    nodes.alarms.nodes.alarms,
    ...nodes.targetGroups.map((group) => group.nodes.targetGroup),
  ];

  const secretEnv = sealed(settings.secretEnv);
  return pulumi.all(made.map((resource) => resource.urn)).apply(() => ({ ...settings, secretEnv }));
}
