import type { KubernetesObject, Objects } from "../client";
import { type PodObject, podReport } from "./pod";
import { type Condition, conditionOf, type Report, sentence } from "./report";

export interface DeploymentObject extends KubernetesObject {
  spec: { replicas?: number; selector: { matchLabels?: Record<string, string> } };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

interface ReplicaSetObject extends KubernetesObject {
  spec: { replicas?: number };
}

/** Of what the Deployment says now: pods of an earlier version do not count. */
export async function deploymentReport(objects: Objects, deployment: DeploymentObject): Promise<Report> {
  const { metadata, spec, status = {} } = deployment;
  const name = `Deployment ${metadata.name}`;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return { state: "progressing", detail: `${name}: the cluster has not begun with it yet` };
  }
  const wanted = spec.replicas ?? 1;
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  if (updated === wanted && (status.replicas ?? 0) === wanted && available >= wanted) {
    return { state: "ready", detail: `${available} of ${wanted} pods are ready` };
  }
  const refused = conditionOf(status.conditions, "ReplicaFailure");
  if (refused?.status === "True") return { state: "failing", detail: `${name}: ${refusal(refused)}` };
  const pods = await newestPods(objects, deployment);
  const reports = pods.map(podReport);
  const failing = reports.find(({ state }) => state === "failing");
  if (failing !== undefined) return { state: "failing", detail: `${name}: ${failing.detail}` };
  const waiting = reports.find(({ state }) => state === "progressing")?.detail;
  const progress = conditionOf(status.conditions, "Progressing");
  if (progress?.status === "False") {
    return { state: "failing", detail: `${name}: ${waiting ?? sentence(progress.message ?? progress.reason ?? "")}` };
  }
  return { state: "progressing", detail: `${name}: ${waiting ?? `${available} of ${wanted} pods are ready`}` };
}

/** Why the cluster makes no pod, in words of what a person can change. */
function refusal({ message = "", reason = "" }: Condition): string {
  const quota = /exceeded quota: ([^,]+), requested: (.+?), used: (.+?), limited: (.+)$/.exec(message);
  if (quota) {
    const [, name, requested, used, limited] = quota;
    return `no pod can be made: quota ${name} is exhausted (a pod takes ${requested}; ${used} of ${limited} are used)`;
  }
  const security = /violates PodSecurity "([^"]+)": (.+)$/.exec(message);
  if (security) return `no pod can be made: Pod Security ${security[1]} forbids ${sentence(security[2] ?? "")}`;
  return `no pod can be made: ${sentence(message || reason)}`;
}

const revisionKey = "deployment.kubernetes.io/revision";

async function newestPods(objects: Objects, { metadata, spec }: DeploymentObject): Promise<PodObject[]> {
  const selector = Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const within = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const [sets, pods] = await Promise.all([
    objects.list<ReplicaSetObject>({ apiVersion: "apps/v1", kind: "ReplicaSet", ...within }, selector),
    objects.list<PodObject>({ apiVersion: "v1", kind: "Pod", ...within }, selector),
  ]);
  const owned = sets.filter(({ metadata: { ownerReferences = [] } }) =>
    ownerReferences.some(({ uid }) => uid === metadata.uid),
  );
  const newest = owned.find(
    ({ metadata: { annotations } }) => annotations?.[revisionKey] === metadata.annotations?.[revisionKey],
  );
  const of = newest?.metadata.uid;
  return pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && pod.metadata.ownerReferences?.some(({ uid }) => uid === of),
  );
}
