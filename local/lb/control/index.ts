export { runDaemon } from "./daemon";
export type { DataPlane, TargetCondition } from "./plane";
