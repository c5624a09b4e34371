/** Releases: what a script or the CLI starts. */
export { abort, release, resume } from "./release";
export { plan } from "./plan";
export { rollback } from "./rollback";
