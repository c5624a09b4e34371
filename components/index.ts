/** The Pulumi side of Switchyard: the program, the components it is made of, and the way to a platform. */
export { AlarmSet, type AlarmSetArgs } from "./alarm-set";
export { DeploymentSlot, type DeploymentSlotArgs } from "./deployment-slot";
export type * from "./platform";
export { platformOf } from "./platforms";
export { type ProgramOptions, switchyardProgram } from "./program";
export { SlotImage, type SlotImageArgs } from "./slot-image";
export { TargetGroup, type TargetGroupArgs } from "./target-group";
export { TeamDashboard, type TeamDashboardArgs } from "./team-dashboard";
export { TeamData, type TeamDataArgs } from "./team-data";
export { TeamEnvironment, type TeamEnvironmentArgs } from "./team-environment";
export { TeamNamespace, type TeamNamespaceArgs } from "./team-namespace";
export { openRelease, type TeamRecord, teamRecord } from "./team-record";
export { TeamRelease, type TeamReleaseArgs } from "./team-release";
export { TrafficRoute, type TrafficRouteArgs } from "./traffic-route";
export type { Transform } from "./transform";
