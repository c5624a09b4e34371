/** What the cluster says of where requests can go. */
import type { KubernetesObject, Objects } from "../../../kubernetes/client";

interface EndpointSlice extends KubernetesObject {
  endpoints?: { conditions?: { ready?: boolean } }[] | null;
}

/** How many addresses of a Service take requests now. */
export async function readyEndpoints(objects: Objects, namespace: string, service: string): Promise<number> {
  const of = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", namespace };
  const slices = await objects.list<EndpointSlice>(of, `kubernetes.io/service-name=${service}`);
  // not said means ready
  return slices.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    .length;
}

export interface RouteStatus {
  parents?: {
    conditions?: { type: string; status: string; reason?: string; message?: string; observedGeneration?: number }[];
  }[];
}

/** `pending`: no Gateway has answered for the route as it is now. */
export interface Standing {
  state: "taken" | "pending" | "refused";
  detail: string;
}

/** Whether a Gateway's controller took the route, as it is now and not as it was before the last change. */
export function standingOf(route: (KubernetesObject & { status?: RouteStatus }) | undefined): Standing {
  if (route === undefined) return { state: "pending", detail: "the team has no route yet" };
  const { generation = 0 } = route.metadata;
  const conditions = (route.status?.parents ?? []).flatMap((parent) => parent.conditions ?? []);
  const current = conditions.filter(({ observedGeneration = 0 }) => observedGeneration >= generation);
  const refused = current.find(
    ({ type, status }) => (type === "Accepted" || type === "ResolvedRefs") && status === "False",
  );
  if (refused !== undefined) {
    return {
      state: "refused",
      detail: `the Gateway did not take the route: ${refused.message ?? refused.reason ?? ""}`,
    };
  }
  const has = (type: string) => current.some((condition) => condition.type === type && condition.status === "True");
  if (has("Accepted") && has("ResolvedRefs")) return { state: "taken", detail: "the Gateway took the route" };
  return { state: "pending", detail: "no Gateway has answered for the route yet" };
}
