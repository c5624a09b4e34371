/**
 * A generic provider of the package `kubernetes`, for the types of the official SDK: any kind that the cluster has, by
 * server-side apply. For engines that run providers in their process; see docs/adr/kubernetes-client.md for what it leaves out.
 */
export { KubernetesProvider, packageName } from "./provider";
