export { CleanFailure, PartialFailure } from "./partialFailure";
export type { Provider, ProviderSource } from "./request";
export { runDeployment } from "./run";
