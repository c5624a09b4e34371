/** What a cluster with Prometheus watches of a team while no release does, and shows of it. */
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import type * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../../config/settings";
import type { DashboardSpec } from "../../platform";
import { kubernetesSettings } from "./cluster";
import { teamLabels } from "./names";

interface Alert {
  alert: string;
  expr: string;
  for: string;
  summary: string;
}

/** By kube-state-metrics and the kubelet, which count in every cluster; requests are counted by the Gateway's controller, each in its own way. */
export function createPrometheusRule(
  name: string,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): void {
  const { namespace } = kubernetesSettings(settings);
  const labels = teamLabels(settings);
  const rules = alertsOf(namespace, settings).map(({ alert, expr, for: duration, summary }) => ({
    ...{ alert, expr, for: duration },
    labels: { environment: settings.environment, team: settings.team },
    annotations: { summary },
  }));
  new CustomResource(
    name,
    {
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
      metadata: { name: "team", namespace, labels },
      spec: { groups: [{ name: `switchyard-${namespace}`, rules }] },
    },
    options,
  );
}

function alertsOf(namespace: string, { team, slots }: TeamSettings): Alert[] {
  const here = `namespace="${namespace}"`;
  const deployments = `${here},deployment=~"${slots.map(({ name }) => name).join("|")}"`;
  const pods = `${here},resource="pods"`;
  return [
    {
      alert: "SlotWithoutReadyPods",
      // an empty slot wants none
      expr: `kube_deployment_status_replicas_available{${deployments}} == 0 and kube_deployment_spec_replicas{${deployments}} > 0`,
      for: "1m",
      summary: `Slot {{ $labels.deployment }} of ${team} has a version and no pod that is ready.`,
    },
    {
      alert: "SlotKeepsRestarting",
      expr: `increase(kube_pod_container_status_restarts_total{${here}}[10m]) > 3`,
      for: "0m",
      summary: `Pod {{ $labels.pod }} of ${team} ends again and again.`,
    },
    {
      alert: "TeamQuotaUsedUp",
      expr: `kube_resourcequota{${pods},type="used"} == ignoring(type) kube_resourcequota{${pods},type="hard"}`,
      for: "15m",
      summary: `${team} has no room for another pod in its quota.`,
    },
    {
      alert: "TeamDataNearlyFull",
      expr: `kubelet_volume_stats_used_bytes{${here}} / kubelet_volume_stats_capacity_bytes{${here}} > 0.9`,
      for: "15m",
      summary: `The data of ${team} fills 90 % of its volume.`,
    },
  ];
}

/** Found by the side-car of the common Grafana charts, by its label. */
export function createDashboard(
  name: string,
  { team, slots, metrics }: DashboardSpec,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { namespace } = kubernetesSettings(settings);
  const labels = { ...teamLabels(settings), grafana_dashboard: "1" };
  const here = `namespace="${namespace}"`;
  const pods = `${here},pod=~"(${slots.join("|")})-.*",container="service"`;
  const bySlot = (expression: string) =>
    `sum by (slot) (label_replace(${expression}, "slot", "$1", "pod", "(${slots.join("|")})-.*"))`;
  const panels = [
    panel("Ready pods", `kube_deployment_status_replicas_available{${here}}`, "{{deployment}}", "short"),
    panel("CPU", bySlot(`rate(container_cpu_usage_seconds_total{${pods}}[1m])`), "{{slot}}", "short"),
    panel("Memory", bySlot(`container_memory_working_set_bytes{${pods}}`), "{{slot}}", "bytes"),
    ...metrics.map((metric) => panel(metric, bySlot(`${metric}{${here}}`), "{{slot}}", "short")),
  ].map((it, i) => ({ ...it, id: i + 1, gridPos: { h: 8, w: 12, x: (i % 2) * 12, y: Math.floor(i / 2) * 8 } }));
  const dashboard = {
    uid: `switchyard-${namespace}`.slice(0, 40),
    title: `${team} (${settings.environment})`,
    tags: ["switchyard", settings.environment],
    ...{ schemaVersion: 39, refresh: "10s", time: { from: "now-1h", to: "now" } },
    panels,
  };
  const metadata = { name: "dashboard", namespace, labels };
  return new ConfigMap(
    name,
    { metadata, data: { [`${namespace}.json`]: JSON.stringify(dashboard, null, 2) } },
    options,
  );
}

function panel(title: string, expr: string, legendFormat: string, unit: string): Record<string, unknown> {
  return {
    type: "timeseries",
    title,
    targets: [{ refId: "A", expr, legendFormat }],
    fieldConfig: { defaults: { unit } },
  };
}
