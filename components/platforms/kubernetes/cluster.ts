import { Provider } from "@pulumi/kubernetes/provider";
import type { ProviderResource, ResourceTransformation } from "@pulumi/pulumi";
import { SwitchyardError } from "../../../config/errors";
import type { TeamSettings } from "../../../config/settings";
import { clusterAccess } from "../../../kubernetes/client";

export type KubernetesSettings = NonNullable<TeamSettings["kubernetes"]>;

/** The Kubernetes part of a team's settings; without it they were published by another platform. */
export function kubernetesSettings({ team, environment, kubernetes }: TeamSettings): KubernetesSettings {
  if (kubernetes === undefined) {
    throw new SwitchyardError(
      "environment-down",
      `Environment ${environment} has not published where team ${team} runs on Kubernetes.`,
    );
  }
  return kubernetes;
}

/**
 * The provider of everything that a stack has in the cluster: of the context that the environment names, never of the current
 * one. Throws `cluster-context` before anything is registered where that context is not there or leads elsewhere.
 */
export function clusterProvider(cluster: Pick<KubernetesSettings, "context" | "server" | "kubeconfig">): {
  provider(): ProviderResource;
} {
  const { context, kubeconfig } = cluster;
  clusterAccess(cluster);
  let made: ProviderResource | undefined;
  // The SDK would take KUBECONFIG for it, a path of this machine alone, and everybody else's stack operation would look there.
  const withoutVariable: ResourceTransformation = ({ props, opts }) => ({ props: { ...props, kubeconfig }, opts });
  return {
    provider() {
      made ??= new Provider("cluster", { context }, { transformations: [withoutVariable] });
      return made;
    },
  };
}
