/** The Kubernetes API, as far as Switchyard needs it: kubeconfig, credentials, any object. See docs/adr/kubernetes-client.md. */
export { ApiFailure } from "./failure";
export { ApiServer } from "./http";
export { clusterAccess } from "./kubeconfig";
export { podLog } from "./logs";
export {
  type KubernetesObject,
  nameOf,
  Objects,
  type Reference,
  referenceOf,
} from "./objects";
