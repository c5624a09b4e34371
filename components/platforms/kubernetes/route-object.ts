/** A team's route between what Switchyard means and what the Gateway API has for it. Pure, and the same for both writers. */
import type { RouteState, TeamSettings } from "../../../config/settings";
import type { KubernetesSettings } from "./cluster";
import { ours, routeAnnotations, routeName, slotPort, teamLabels } from "./names";

interface BackendRef {
  name: string;
  port: number;
  weight: number;
}

export interface RouteObject {
  apiVersion: "gateway.networking.k8s.io/v1";
  kind: "HTTPRoute";
  metadata: { name: string; namespace: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: {
    parentRefs: { name: string; namespace: string }[];
    rules: { matches: { path: { type: "PathPrefix"; value: string } }[]; backendRefs: BackendRef[] }[];
  };
}

/** Both slots are always in it, also with weight 0: some controllers treat a single one in ways of their own. */
export function routeObject(
  { namespace, gateway }: KubernetesSettings,
  settings: Pick<TeamSettings, "environment" | "team">,
  { paths, targetGroups, state }: { paths: string[]; targetGroups: Record<string, string>; state: RouteState },
): RouteObject {
  const backendRefs = Object.entries(targetGroups).map(([slot, name]) => ({
    ...{ name, port: slotPort, weight: state.weights[slot] ?? 0 },
  }));
  const matches = paths.map((value) => ({ path: { type: "PathPrefix" as const, value } }));
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: routeName, namespace, labels: teamLabels(settings), annotations: annotationsOf(state) },
    spec: { parentRefs: [{ name: gateway.name, namespace: gateway.namespace }], rules: [{ matches, backendRefs }] },
  };
}

function annotationsOf({ live, epoch, revision, release }: RouteState): Record<string, string> {
  return {
    ...ours,
    [routeAnnotations.epoch]: String(epoch),
    [routeAnnotations.revision]: String(revision),
    [routeAnnotations.live]: live ?? "",
    [routeAnnotations.release]: release,
  };
}

/** What an HTTPRoute says, whoever wrote it. */
export function routeState(
  object: {
    metadata: { annotations?: Record<string, string> };
    spec: { rules?: { backendRefs?: { name: string; weight?: number }[] }[] };
  },
  slots: Pick<TeamSettings["slots"][number], "name" | "targetGroup">[],
): RouteState {
  const { annotations = {} } = object.metadata;
  const backends = object.spec.rules?.[0]?.backendRefs ?? [];
  const weightOf = (targetGroup: string) => backends.find(({ name }) => name === targetGroup)?.weight ?? 0;
  return {
    live: annotations[routeAnnotations.live] || null,
    weights: Object.fromEntries(slots.map(({ name, targetGroup }) => [name, weightOf(targetGroup)])),
    epoch: Number(annotations[routeAnnotations.epoch] ?? 0),
    revision: Number(annotations[routeAnnotations.revision] ?? 0),
    release: annotations[routeAnnotations.release] ?? "",
  };
}
