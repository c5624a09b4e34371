import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import * as pulumi from "@pulumi/pulumi";
import type { RouteState, TeamSettings } from "../../../config/settings";
import type { Route, RouteSpec } from "../../platform";
import { kubernetesSettings } from "./cluster";
import { type RouteObject, routeObject, routeState } from "./route-object";

/** What the SDK's class leaves to the definition of the custom resource. */
class HttpRoute extends CustomResource {
  declare readonly spec: pulumi.Output<RouteObject["spec"]>;
}

export function createRoute(
  name: string,
  spec: RouteSpec,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): Route {
  const { paths, targetGroups, ...state } = spec;
  const object = routeObject(kubernetesSettings(settings), settings, { paths, targetGroups, state });
  const route = new HttpRoute(name, { ...object }, options);
  const held = pulumi.all([route.metadata, route.spec]).apply(([metadata, found]): RouteState => {
    const slots = Object.entries(targetGroups).map(([slot, targetGroup]) => ({ name: slot, targetGroup }));
    return routeState({ metadata, spec: found }, slots);
  });
  return { resource: route, state: held };
}
