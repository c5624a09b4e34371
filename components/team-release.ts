import * as pulumi from "@pulumi/pulumi";
import type { ReleaseConfig, RouteState, SlotSettings, SlotVersion, TeamSettings } from "../config/settings";
import { DeploymentSlot, type DeploymentSlotArgs } from "./deployment-slot";
import type { ReleaseResources } from "./platform";
import { SlotImage, type SlotImageArgs } from "./slot-image";
import { goesOnRunning, type TeamRecord } from "./team-record";
import { TrafficRoute, type TrafficRouteArgs } from "./traffic-route";

export interface TeamReleaseArgs {
  platform: ReleaseResources;
  /** From the environment stack. */
  settings: TeamSettings;
  release: ReleaseConfig;
  /** What the stack holds until now. */
  held: TeamRecord | undefined;
  transform?: DeploymentSlotArgs["transform"] & SlotImageArgs["transform"] & TrafficRouteArgs["transform"];
}

/** Everything of one team that a release changes: what runs in its two slots, and the weights between them. */
export class TeamRelease extends pulumi.ComponentResource {
  /** What is routed where, from the route's resource. */
  readonly route: pulumi.Output<RouteState>;
  /** What runs in each slot, from the workloads' resources. */
  readonly slots: pulumi.Output<Record<string, SlotVersion | null>>;
  readonly nodes: { slots: DeploymentSlot[]; route: TrafficRoute };

  constructor(name: string, args: TeamReleaseArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TeamRelease", name, {}, options);
    const slots = args.settings.slots.map((slot) => createSlot(this, name, args, slot));
    const route = createRoute(this, name, args);
    this.route = route.state;
    this.slots = pulumi.all(
      Object.fromEntries(args.settings.slots.map((slot, i) => [slot.name, slots[i]?.version ?? null])),
    );
    this.nodes = { slots, route };
    this.registerOutputs({});
  }
}

function createSlot(parent: TeamRelease, name: string, args: TeamReleaseArgs, slot: SlotSettings): DeploymentSlot {
  const { platform, settings, transform } = args;
  const version = args.release.slots[slot.name] ?? null;
  const keepSettings = goesOnRunning(slot.name, args.release, args.held);
  const image = createImage(parent, name, args, slot, version);
  return new DeploymentSlot(
    `${name}-${slot.name}`,
    { platform, settings, slot, version, keepSettings, image, transform },
    { parent },
  );
}

function createImage(
  parent: TeamRelease,
  name: string,
  { platform, settings, transform }: TeamReleaseArgs,
  slot: SlotSettings,
  version: SlotVersion | null,
): pulumi.Output<string> | undefined {
  const image = platform.image?.bind(platform);
  if (image === undefined || version === null) return undefined;
  const args = { platform: { image }, team: settings.team, slot: slot.name, version, transform };
  return new SlotImage(`${name}-${slot.name}`, args, { parent }).image;
}

function createRoute(parent: TeamRelease, name: string, args: TeamReleaseArgs): TrafficRoute {
  const { platform, settings, release, transform } = args;
  return new TrafficRoute(name, { platform, settings, release, transform }, { parent });
}
