export { type DaemonOptions, runDaemon } from "./daemon";
export type { DataPlane, TargetCondition } from "./plane";
