/** What the driver asks of a team's cluster while a release runs. */
import { z } from "zod";
import { SwitchyardError } from "../../../config/errors";
import { isNewer, type RouteState, type SlotSettings, type TeamSettings } from "../../../config/settings";
import {
  ApiFailure,
  ApiServer,
  clusterAccess,
  type KubernetesObject,
  Objects,
  podLog,
} from "../../../kubernetes/client";
import { type DeploymentObject, deploymentReport, type PodObject } from "../../../kubernetes/conditions";
import type { BakeRule, LivePlatform, SlotCondition, SlotCounters } from "../../platform";
import { kubernetesSettings } from "./cluster";
import { alarmsName, domain, routeName, slotSelector } from "./names";
import { type RouteObject, routeObject, routeState } from "./route-object";
import { type RouteStatus, readyEndpoints, standingOf } from "./traffic";

/** Owns the fields of a route that no stack operation has made yet. */
const ownManager = "switchyard";

const rulesSchema = z.array(
  z.object({
    name: z.string(),
    metric: z.enum(["error-rate", "latency-p99-ms", "unhealthy"]),
    threshold: z.number(),
    windowMs: z.number(),
    minimumRequests: z.number(),
  }),
);

type HeldRoute = KubernetesObject & RouteObject & { status?: RouteStatus };

export function livePlatform(settings: TeamSettings): LivePlatform {
  const { team, slots, entry } = settings;
  const place = kubernetesSettings(settings);
  const { namespace } = place;
  const objects = new Objects(new ApiServer(clusterAccess(place)));
  const slotOf = (name: string): SlotSettings => {
    const found = slots.find((slot) => slot.name === name);
    if (!found) throw new SwitchyardError("unexpected", `${team} has no slot ${name}`);
    return found;
  };
  const heldRoute = () =>
    objects.get<HeldRoute>({
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      name: routeName,
      namespace,
    });

  return {
    async route() {
      const held = await heldRoute();
      return held === undefined ? null : routeState(held, slots);
    },
    async setRoute(state) {
      const targetGroups = Object.fromEntries(slots.map(({ name, targetGroup }) => [name, targetGroup]));
      const wanted = routeObject(place, settings, { paths: entry.paths, targetGroups, state });
      await writeRoute(objects, heldRoute, wanted, state, slots);
    },
    async traffic() {
      const [held, ...ready] = await Promise.all([
        heldRoute(),
        ...slots.map(({ targetGroup }) => readyEndpoints(objects, namespace, targetGroup)),
      ]);
      const standing = standingOf(held);
      const counters = slots.map(({ name }, i): [string, SlotCounters] => [name, countersOf(standing, ready[i] ?? 0)]);
      const at = new Date().toISOString();
      return { at, since: at, slots: Object.fromEntries(counters) };
    },
    async rules() {
      const held = await objects.get<KubernetesObject & { data?: Record<string, string> }>({
        ...{ apiVersion: "v1", kind: "ConfigMap", name: alarmsName, namespace },
      });
      const text = held?.data?.["rules.json"];
      if (text !== undefined) return rulesSchema.parse(JSON.parse(text)) satisfies BakeRule[];
      throw new SwitchyardError("environment-down", `Namespace ${namespace} does not hold the alarm rules of ${team}.`);
    },
    async slot(slot) {
      const { name } = slotOf(slot);
      const deployment = await objects.get<DeploymentObject>({
        apiVersion: "apps/v1",
        kind: "Deployment",
        name,
        namespace,
      });
      return await conditionOf(objects, deployment);
    },
    slotUrl(slot) {
      const { host, port } = slotOf(slot);
      return `http://${host}:${port}`;
    },
    entryUrl: () => place.url,
    slotHeader: "x-switchyard-slot",
    async logs(slot, lines) {
      const labels = Object.entries(slotSelector(team, slotOf(slot).name)).map(([key, value]) => `${key}=${value}`);
      const pods = await objects.list<PodObject>({ apiVersion: "v1", kind: "Pod", namespace }, labels.join(","));
      const logs = await Promise.all(pods.map((pod) => podLog(objects.server, pod.metadata, lines)));
      // each line begins with its time
      const sorted = logs.flat().sort().slice(-lines);
      return sorted.map((line) => line.slice(line.indexOf(" ") + 1));
    },
  };
}

/**
 * As the manager that the stack's route has, so that the stack goes on owning it. Only over the very route that was read; the
 * cluster's own fence refuses an older one besides.
 */
async function writeRoute(
  objects: Objects,
  heldRoute: () => Promise<HeldRoute | undefined>,
  wanted: RouteObject,
  state: RouteState,
  slots: SlotSettings[],
): Promise<void> {
  for (;;) {
    const held = await heldRoute();
    if (held !== undefined) refuseOlder(state, routeState(held, slots));
    const owner = held?.metadata.managedFields?.find(
      ({ operation, fieldsV1 }) => operation === "Apply" && fieldsV1?.["f:spec"],
    );
    const { resourceVersion } = held?.metadata ?? {};
    const metadata = { ...wanted.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
    try {
      await objects.apply({ ...wanted, metadata }, { fieldManager: owner?.manager ?? ownManager, force: true });
      return;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.message.includes("stale-epoch")) throw staleEpoch(error.message, error);
      // somebody wrote between our reading and our writing: by its epoch it is decided who is right
      if (error.status !== 409) throw error;
    }
  }
}

function refuseOlder(wanted: RouteState, held: RouteState): void {
  if (!isNewer(held, wanted)) return;
  const [mine, its] = [wanted, held].map(({ epoch, revision }) => `epoch ${epoch} revision ${revision}`);
  throw staleEpoch(`The route holds ${its}; ${mine} is older.`);
}

const staleEpoch = (message: string, cause?: unknown) => new SwitchyardError("stale-epoch", message, { cause });

/** The cluster counts no requests: where nothing else does, a bake has no data, and no data is never a pass. */
function countersOf(standing: ReturnType<typeof standingOf>, ready: number): SlotCounters {
  return {
    ...{ requests: 0, serverErrors: 0, failures: 0, latencyBoundsMs: [Number.POSITIVE_INFINITY], latencyCounts: [0] },
    ...{ inFlight: 0, webSockets: 0, lastRequestAt: null },
    healthy: standing.state === "pending" ? null : standing.state === "taken" && ready > 0,
  };
}

async function conditionOf(objects: Objects, deployment: DeploymentObject | undefined): Promise<SlotCondition> {
  if (deployment === undefined) return { state: "empty", version: null, detail: "the slot is empty" };
  const { annotations } = deployment.metadata;
  const version = annotations?.[`${domain}/version`] || null;
  if (version === null) return { state: "empty", version, detail: "the slot is empty" };
  if (deployment.spec.replicas === 0) return { state: "stopped", version, detail: "scaled down to no pod" };
  const { state, detail } = await deploymentReport(objects, deployment);
  const named = { ready: "running", progressing: "starting", failing: "failing" } as const;
  return { state: named[state], version, detail };
}
