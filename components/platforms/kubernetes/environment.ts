import { resolve } from "node:path";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import type * as pulumi from "@pulumi/pulumi";
import type { EnvironmentConfig } from "../../../config/environment";
import { SwitchyardError } from "../../../config/errors";
import type { KubernetesConfig } from "../../../config/kubernetes";
import type { TeamSettings } from "../../../config/settings";
import type { AlarmSpec, DataSpec, EnvironmentResources } from "../../platform";
import { clusterProvider, type KubernetesSettings, kubernetesSettings } from "./cluster";
import { createEntry } from "./entry";
import { createDashboard, createPrometheusRule } from "./monitoring";
import { alarmsName, dataClaim, entryNamespace, gatewayName, slotPort, teamLabels, teamNamespace } from "./names";
import { createNamespace } from "./namespace";
import { createTargetGroup } from "./target-group";

export function kubernetesEnvironment({
  projectDir,
  environment,
  config,
}: {
  projectDir: string;
  environment: string;
  config: EnvironmentConfig;
}): EnvironmentResources {
  const cluster = clusterConfig(environment, config);
  const place = {
    context: cluster.context,
    ...(cluster.server !== undefined && { server: cluster.server }),
    ...(cluster.kubeconfig !== undefined && { kubeconfig: resolve(projectDir, cluster.kubeconfig) }),
  };
  const { provider } = clusterProvider(place);
  const given = (options: pulumi.CustomResourceOptions) => ({ ...options, provider: provider() });
  const namespaces = new Map<string, { settings: TeamSettings; resource: pulumi.Resource }>();
  const within = (team: string, options: pulumi.CustomResourceOptions) => {
    const found = namespaces.get(team);
    if (found === undefined) throw new SwitchyardError("unexpected", `team ${team} has no namespace to be in`);
    const { dependsOn = [] } = options;
    const all = [found.resource, ...(Array.isArray(dependsOn) ? dependsOn : [dependsOn])];
    return { settings: found.settings, options: given({ ...options, dependsOn: all as pulumi.Resource[] }) };
  };
  return {
    addresses: (teams) =>
      Object.fromEntries(
        Object.entries(teams).map(([team, { slots }]) => {
          const kubernetes = settingsOf(environment, team, place, cluster.url);
          return [team, { slots: slots.map((slot) => slotAddress(slot, kubernetes.namespace)), kubernetes }];
        }),
      ),
    entry: (name, _spec, options) => createEntry(name, environment, cluster, given(options)),
    namespace(name, spec, options) {
      const resource = createNamespace(name, spec, cluster, !config.deleteData, given(options));
      namespaces.set(spec.settings.team, { settings: spec.settings, resource });
      return resource;
    },
    data: (name, spec, options) => createData(name, spec, cluster, within(spec.settings.team, options).options),
    targetGroup(name, spec, options) {
      const team = within(spec.team, options);
      return createTargetGroup(name, spec, team.settings, team.options);
    },
    alarms(name, spec, options) {
      const team = within(spec.team, options);
      if (cluster.prometheus) createPrometheusRule(name, team.settings, team.options);
      return createAlarms(name, spec, team.settings, team.options);
    },
    ...(cluster.prometheus && {
      dashboard(name, spec, options) {
        const team = within(spec.team, options);
        return createDashboard(name, spec, team.settings, team.options);
      },
    }),
  };
}

function clusterConfig(environment: string, { kubernetes }: EnvironmentConfig): KubernetesConfig {
  if (kubernetes !== undefined) return kubernetes;
  throw new SwitchyardError(
    "config-invalid",
    `Pulumi.${environment}.yaml: switchyard:kubernetes: found nothing, expected the cluster that the platform kubernetes runs on.`,
    { next: "Name its context, url and gateway; docs/configuration.md has them all. Nothing was changed." },
  );
}

function settingsOf(
  environment: string,
  team: string,
  place: Pick<KubernetesSettings, "context" | "server" | "kubeconfig">,
  url: string,
): KubernetesSettings {
  const gateway = { name: gatewayName, namespace: entryNamespace(environment) };
  return { ...place, namespace: teamNamespace(environment, team), gateway, url };
}

/** A slot's Service is its target group. */
function slotAddress(slot: string, namespace: string): TeamSettings["slots"][number] {
  return { name: slot, targetGroup: slot, host: `${slot}.${namespace}.svc`, port: slotPort };
}

/** Both slots mount it. */
function createData(
  name: string,
  { settings, deleteData }: DataSpec,
  { storage }: KubernetesConfig,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { namespace } = kubernetesSettings(settings);
  // Many a StorageClass makes the volume only when a pod wants it, which no slot may do for a long time.
  const annotations = { "pulumi.com/skipAwait": "true" };
  return new PersistentVolumeClaim(
    name,
    {
      metadata: { name: dataClaim, namespace, labels: teamLabels(settings), annotations },
      spec: {
        accessModes: [storage.accessMode],
        resources: { requests: { storage: `${settings.config.quotas.diskMb}Mi` } },
        ...(storage.class !== undefined && { storageClassName: storage.class }),
      },
    },
    { ...options, retainOnDelete: !deleteData },
  );
}

/** The team's rules where the driver's bake reads them: in the cluster, as they were when the environment was last brought up. */
function createAlarms(
  name: string,
  { rules }: AlarmSpec,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const { namespace } = kubernetesSettings(settings);
  const metadata = { name: alarmsName, namespace, labels: teamLabels(settings) };
  return new ConfigMap(name, { metadata, data: { "rules.json": JSON.stringify(rules) } }, options);
}
