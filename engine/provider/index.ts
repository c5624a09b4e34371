export { attachedProviders } from "./attached";
export { type InProcess, inProcessProviders } from "./inProcess";
