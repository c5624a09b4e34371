export { CleanFailure, PartialFailure } from "./partialFailure";
export type { DeploymentRequest, DeploymentResult, Provider, ProviderSource } from "./request";
export { runDeployment } from "./run";
