import * as pulumi from "@pulumi/pulumi";
import type { ReleaseConfig, RouteState, TeamSettings } from "../config/settings";
import type { ReleaseResources, Route, RouteSpec } from "./platform";
import { type Transform, transformed } from "./transform";

export interface TrafficRouteArgs {
  platform: Pick<ReleaseResources, "route">;
  settings: TeamSettings;
  release: ReleaseConfig;
  transform?: { route?: Transform<RouteSpec> };
}

/**
 * The weights over a team's target groups. It knows addresses and no workloads: a candidate that hangs must not hold up
 * the way back.
 */
export class TrafficRoute extends pulumi.ComponentResource {
  /** What is, from the resource. A failed update stores what it wanted everywhere else. */
  readonly state: pulumi.Output<RouteState>;
  readonly nodes: { route: pulumi.Resource };

  constructor(name: string, args: TrafficRouteArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TrafficRoute", name, {}, options);
    const route = createRoute(this, name, args);
    this.state = route.state;
    this.nodes = { route: route.resource };
    this.registerOutputs({});
  }
}

function createRoute(
  parent: TrafficRoute,
  name: string,
  { platform, settings, release, transform }: TrafficRouteArgs,
): Route {
  const { slots, entry, team } = settings;
  const spec: RouteSpec = {
    team,
    paths: entry.paths,
    targetGroups: Object.fromEntries(slots.map((slot) => [slot.name, slot.targetGroup])),
    weights: Object.fromEntries(slots.map((slot) => [slot.name, release.weights[slot.name] ?? 0])),
    live: release.live,
    epoch: release.epoch,
    revision: release.revision,
    release: release.id,
  };
  return platform.route(name, ...transformed(transform?.route, spec, { parent }));
}
