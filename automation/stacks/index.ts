/** Pulumi stacks as the driver uses them: opened in private folders, changed by config, read from what the resources say. */
export { environmentOutputs, hasResources, openEnvironment, teamSettings } from "./environment-stack";
export { asSwitchyardError } from "./failures";
export { clearDeadLocks } from "./locks";
export { operate } from "./operation";
export { openTeam, type TeamStack } from "./team-stack";
export { environmentFile, removeFolder } from "./workspace";
