export { attachedProviders } from "./attached";
export { inProcessProviders } from "./inProcess";
