/** What keeps a team apart from the others: its namespace, what it may take, who may do what in it. */
import { LimitRange } from "@pulumi/kubernetes/core/v1/limitRange";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { ResourceQuota } from "@pulumi/kubernetes/core/v1/resourceQuota";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesConfig } from "../../../config/kubernetes";
import type { TeamSettings } from "../../../config/settings";
import type { NamespaceSpec } from "../../platform";
import { createAccess } from "./access";
import { kubernetesSettings } from "./cluster";
import { serviceAccount, teamLabels } from "./names";
import { createNetworkPolicies } from "./network";
import type { Within } from "./within";

/** @param keep whether the namespace stays in the cluster when its resource is deleted: with it goes all data. */
export function createNamespace(
  name: string,
  { settings, limits }: NamespaceSpec,
  config: KubernetesConfig,
  keep: boolean,
  options: pulumi.CustomResourceOptions,
): Namespace {
  const { namespace } = kubernetesSettings(settings);
  const labels = { ...teamLabels(settings), ...podSecurityLabels(config.podSecurity) };
  const resource = new Namespace(name, { metadata: { name: namespace, labels } }, { ...options, retainOnDelete: keep });
  const within = { settings, namespace, options: { ...options, protect: false, dependsOn: [resource] } };
  createQuota(name, within, limits);
  createLimitRange(name, within, limits);
  createNetworkPolicies(name, within, config);
  createServiceAccount(name, within);
  createAccess(name, within);
  return resource;
}

function podSecurityLabels(level: KubernetesConfig["podSecurity"]): Record<string, string> {
  const modes = ["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]);
  return Object.fromEntries(modes);
}

/** Room for both slots at their largest, and in each for the one more that a rollout starts before it stops another. */
function podsAtMost({ config }: TeamSettings): number {
  return 2 * (config.replicas.max + 1);
}

function createQuota(name: string, { settings, namespace, options }: Within, limits: NamespaceSpec["limits"]): void {
  const pods = podsAtMost(settings);
  const cpus = `${Math.round(limits.cpus * 1000) * pods}m`;
  const memory = `${limits.memoryMb * pods}Mi`;
  const hard = {
    pods: String(pods),
    ...{ "requests.cpu": cpus, "limits.cpu": cpus, "requests.memory": memory, "limits.memory": memory },
    "requests.storage": `${settings.config.quotas.diskMb}Mi`,
    // services that anybody outside could reach are the environment's business
    ...{ "services.loadbalancers": "0", "services.nodeports": "0" },
  };
  const metadata = { name: "team", namespace, labels: teamLabels(settings) };
  new ResourceQuota(`${name}-quota`, { metadata, spec: { hard } }, options);
}

/** The quota rejects a pod that says nothing about what it takes; this says it for those. */
function createLimitRange(
  name: string,
  { settings, namespace, options }: Within,
  limits: NamespaceSpec["limits"],
): void {
  const most = { cpu: `${Math.round(limits.cpus * 1000)}m`, memory: `${limits.memoryMb}Mi` };
  const limit = { type: "Container", default: most, defaultRequest: most };
  const metadata = { name: "team", namespace, labels: teamLabels(settings) };
  new LimitRange(`${name}-limits`, { metadata, spec: { limits: [limit] } }, options);
}

/** Of the slots' pods. It may do nothing, and its token is not even mounted. */
function createServiceAccount(name: string, { settings, namespace, options }: Within): void {
  const metadata = { name: serviceAccount, namespace, labels: teamLabels(settings) };
  new ServiceAccount(`${name}-slot`, { metadata, automountServiceAccountToken: false }, options);
}
