/** Releases: what a script or the CLI starts. */

export { newId, readTruth, type TeamView, viewTeam } from "./drive";
export { plan } from "./plan";
export { abort, release, resume } from "./release";
export { rollback } from "./rollback";
