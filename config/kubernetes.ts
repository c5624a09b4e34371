/** What an environment on Kubernetes has to say about its cluster: `switchyard:kubernetes`. */
import { z } from "zod";

export const kubernetesSchema = z.strictObject({
  context: z
    .string()
    .min(1)
    .describe(
      "the context of the kubeconfig that this environment lives in; no other is ever used, whichever is current",
    ),
  server: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "the API server that the context must lead to, for example https://staging.example.com:6443; where it leads elsewhere, everything is refused",
    ),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe("the kubeconfig's file, relative to the project folder; by default KUBECONFIG or ~/.kube/config"),
  url: z
    .url({ protocol: /^https?$/ })
    .describe("where users' requests arrive, as the driver reaches it, for example https://staging.example.com"),
  gateway: z
    .strictObject({
      class: z
        .string()
        .min(1)
        .describe("the GatewayClass of the cluster's Gateway API controller, for example traefik"),
      port: z.int().min(1).max(65535).default(80).describe("the port of the Gateway's listener"),
      namespace: z
        .string()
        .min(1)
        .describe("the namespace that the controller's own pods send requests from; slots accept no others"),
    })
    .describe("the load balancer: a Gateway that the environment makes for itself"),
  podSecurity: z
    .enum(["restricted", "baseline"])
    .default("restricted")
    .describe("the Pod Security level that the teams' namespaces enforce"),
  storage: z
    .strictObject({
      class: z.string().min(1).optional().describe("the StorageClass; by default the cluster's own"),
      accessMode: z
        .enum(["ReadWriteMany", "ReadWriteOnce"])
        .default("ReadWriteMany")
        .describe("both slots mount the team's data; with ReadWriteOnce they must fit on one node"),
    })
    .prefault({})
    .describe("the volume of the teams' data; its size is `quotas.diskMb`"),
  prometheus: z
    .boolean()
    .default(false)
    .describe(
      "whether the cluster has the Prometheus operator; each team then gets a PrometheusRule and a Grafana dashboard",
    ),
  egress: z
    .array(z.union([z.cidrv4(), z.cidrv6()]))
    .default([])
    .describe("networks that slots may call, besides DNS and their own team; by default none"),
});
export type KubernetesConfig = z.output<typeof kubernetesSchema>;
