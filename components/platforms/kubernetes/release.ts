import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../../config/settings";
import type { ReleaseResources, Workload, WorkloadSpec } from "../../platform";
import { clusterProvider, kubernetesSettings } from "./cluster";
import { deploymentSpec } from "./deployment";
import { domain, labelKeys, ours, slotSecret, teamLabels } from "./names";
import { createRoute } from "./route";

/** No images yet: a version's artifact is an image by digest already. */
export function kubernetesRelease(settings: TeamSettings): ReleaseResources {
  const { provider } = clusterProvider(kubernetesSettings(settings));
  const given = (options: pulumi.CustomResourceOptions) => ({ ...options, provider: provider() });
  return {
    workload: (name, spec, options) => createWorkload(name, spec, settings, given(options)),
    route: (name, spec, options) => createRoute(name, spec, settings, given(options)),
  };
}

function createWorkload(
  name: string,
  spec: WorkloadSpec,
  settings: TeamSettings,
  options: pulumi.CustomResourceOptions,
): Workload {
  const { namespace } = kubernetesSettings(settings);
  const { slot, version, keepSettings, secretEnv } = spec;
  const labels = { ...teamLabels(settings), [labelKeys.slot]: slot };
  const secret = new Secret(
    name,
    { metadata: { name: slotSecret(slot), namespace, labels }, stringData: secretEnv },
    keepSettings ? { ...options, ignoreChanges: ["stringData"] } : options,
  );
  const annotations = {
    ...ours,
    // Started, not healthy, as on every platform: what never gets ready must not hold up the operation that moves traffic
    // away from it. The driver reads the Deployment's own conditions.
    "pulumi.com/skipAwait": "true",
    [`${domain}/version`]: version?.version ?? "",
    ...(version?.stopAfter !== undefined && { [`${domain}/stop-after`]: version.stopAfter }),
  };
  const deployment = new Deployment(
    name,
    { metadata: { name: slot, namespace, labels, annotations }, spec: deploymentSpec(spec, settings) },
    {
      ...options,
      dependsOn: [secret],
      ...(keepSettings && { ignoreChanges: ["spec.template"] }),
    },
  );
  const running = deployment.metadata.apply(({ annotations: held }) => held?.[`${domain}/version`] || null);
  return { resource: deployment, version: pulumi.output(running) };
}
