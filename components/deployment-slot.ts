import * as pulumi from "@pulumi/pulumi";
import type { SlotSettings, SlotVersion, TeamSettings } from "../config/settings";
import type { ReleaseResources, Workload, WorkloadSpec } from "./platform";
import { type Transform, transformed } from "./transform";

export interface DeploymentSlotArgs {
  platform: Pick<ReleaseResources, "workload">;
  settings: TeamSettings;
  slot: SlotSettings;
  /** null: the slot is empty. */
  version: SlotVersion | null;
  /** The version runs already, and keeps the variables and limits that it was started with. */
  keepSettings: boolean;
  /** The version's image by digest, where the platform has images. */
  image?: pulumi.Input<string>;
  transform?: { workload?: Transform<WorkloadSpec> };
}

/** From SIGTERM to SIGKILL. By then the slot has drained: it is stopped only without traffic, or for good. */
const graceMs = 10_000;

/** A permanent place where a version runs, or where nothing does yet. */
export class DeploymentSlot extends pulumi.ComponentResource {
  /** What runs here, known once it was brought here; null in an empty slot. */
  readonly version: pulumi.Output<SlotVersion | null>;
  readonly nodes: { workload: pulumi.Resource };

  constructor(name: string, args: DeploymentSlotArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:DeploymentSlot", name, {}, options);
    const workload = createWorkload(this, name, args);
    this.nodes = { workload: workload.resource };
    this.version = workload.version.apply((version) => (version === null ? null : args.version));
    this.registerOutputs({});
  }
}

function createWorkload(parent: DeploymentSlot, name: string, args: DeploymentSlotArgs): Workload {
  const { settings, slot, version, keepSettings, image } = args;
  const { memoryMb, cpus } = settings.config.quotas;
  const spec: WorkloadSpec = {
    team: settings.team,
    slot: slot.name,
    targetGroup: slot.targetGroup,
    port: slot.port,
    version,
    keepSettings,
    image,
    env: version === null ? {} : slotEnv(settings, slot, version),
    secretEnv: version === null ? {} : sealed(settings.secretEnv),
    limits: { memoryMb, cpus },
    graceMs,
  };
  return args.platform.workload(name, ...transformed(args.transform?.workload, spec, { parent }));
}

/** The contract with the service comes last: a team's own variable cannot take the place of PORT. */
function slotEnv({ team, config }: TeamSettings, slot: SlotSettings, version: SlotVersion): Record<string, string> {
  return {
    ...config.env,
    PORT: String(slot.port),
    HOST: slot.host,
    SLOT: slot.name,
    TEAM: team,
    VERSION: version.version,
  };
}

/** A secret that hides nothing would still cost every stack operation the derivation of a key. */
export function sealed(secrets: Record<string, string>): pulumi.Input<Record<string, string>> {
  return Object.keys(secrets).length > 0 ? pulumi.secret(secrets) : secrets;
}
