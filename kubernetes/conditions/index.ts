/** Whether what is in the cluster works, and if not, why: in the cluster's own conditions, told as one sentence a person can act on. */
export { type DeploymentObject, deploymentReport } from "./deployment";
export { type PodObject, podReport } from "./pod";
export type { Report } from "./report";
