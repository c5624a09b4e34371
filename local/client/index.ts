export { type LocalLive, livePlatform } from "./live";
export { LocalRuntime } from "./runtime";
