export { runDeployment } from "./deployment";
export type { DeploymentRequest, DeploymentResult, Provider, ProviderSource } from "./request";
