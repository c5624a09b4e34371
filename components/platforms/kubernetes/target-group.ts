/** A slot's permanent address, and what keeps enough of it running: they stay while versions come and go behind them. */
import { HorizontalPodAutoscaler } from "@pulumi/kubernetes/autoscaling/v2/horizontalPodAutoscaler";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import type * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../../config/settings";
import type { TargetGroupSpec } from "../../platform";
import { kubernetesSettings } from "./cluster";
import { labelKeys, slotSelector, teamLabels } from "./names";

export function createTargetGroup(
  name: string,
  spec: TargetGroupSpec,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { namespace } = kubernetesSettings(settings);
  const { team, slot, port } = spec;
  const labels = { ...teamLabels(settings), [labelKeys.slot]: slot };
  // Waiting for endpoints would hold up an environment whose slots are empty; the driver asks EndpointSlices itself.
  const annotations = { "pulumi.com/skipAwait": "true" };
  const service = new Service(
    name,
    {
      metadata: { name: spec.name, namespace, labels, annotations },
      spec: {
        type: "ClusterIP",
        selector: slotSelector(team, slot),
        ports: [{ name: "http", port, targetPort: "http", protocol: "TCP" }],
      },
    },
    options,
  );
  const metadata = { name: slot, namespace, labels };
  new PodDisruptionBudget(
    name,
    {
      metadata,
      // A pod that is not ready serves nobody: it may always go.
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: slotSelector(team, slot) },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
    options,
  );
  createAutoscaler(name, metadata, settings, options);
  return service;
}

/** Only between different bounds; the slot's Deployment then says nothing about how many there are. An empty slot has none, and stays so. */
function createAutoscaler(
  name: string,
  metadata: { name: string; namespace: string; labels: Record<string, string> },
  { config: { replicas } }: TeamSettings,
  options: pulumi.CustomResourceOptions,
): void {
  if (replicas.min === replicas.max) return;
  const target = { type: "Utilization", averageUtilization: replicas.cpuPercent };
  new HorizontalPodAutoscaler(
    name,
    {
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name },
        minReplicas: replicas.min,
        maxReplicas: replicas.max,
        metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
      },
    },
    options,
  );
}
