/** Releases: what a script or the CLI starts. */

export { plan } from "./plan";
export { abort, release, resume } from "./release";
export { rollback } from "./rollback";
