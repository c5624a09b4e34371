import * as pulumi from "@pulumi/pulumi";
import type { SlotSettings, TeamSettings } from "../config/settings";
import { parseDurationMs } from "../config/units";
import type { EnvironmentResources, TargetGroupSpec } from "./platform";
import { type Transform, transformed } from "./transform";

export interface TargetGroupArgs {
  platform: Pick<EnvironmentResources, "targetGroup">;
  settings: TeamSettings;
  slot: SlotSettings;
  /** The load balancer that it is a group of. */
  entry: pulumi.Resource;
  requestTimeoutMs: number;
  transform?: { targetGroup?: Transform<TargetGroupSpec> };
}

/** A slot's permanent address in the load balancer. It stays while versions come and go behind it. */
export class TargetGroup extends pulumi.ComponentResource {
  readonly nodes: { targetGroup: pulumi.Resource };

  constructor(name: string, args: TargetGroupArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TargetGroup", name, {}, options);
    const targetGroup = createTargetGroup(this, name, args);
    this.nodes = { targetGroup };
    this.registerOutputs({});
  }
}

function createTargetGroup(parent: TargetGroup, name: string, args: TargetGroupArgs): pulumi.Resource {
  const { health, release } = args.settings.config;
  const [path = "/"] = health.endpoints;
  const spec: TargetGroupSpec = {
    name: args.slot.targetGroup,
    team: args.settings.team,
    slot: args.slot.name,
    host: args.slot.host,
    port: args.slot.port,
    health: {
      path,
      intervalMs: parseDurationMs(health.interval),
      timeoutMs: parseDurationMs(health.timeout),
      healthyAfter: health.healthyAfter,
      unhealthyAfter: health.unhealthyAfter,
    },
    drainMs: parseDurationMs(release.drain),
    requestTimeoutMs: args.requestTimeoutMs,
  };
  const options = { parent, dependsOn: [args.entry] };
  return args.platform.targetGroup(name, ...transformed(args.transform?.targetGroup, spec, options));
}
