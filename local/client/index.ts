export { livePlatform } from "./live";
export { LocalRuntime } from "./runtime";
