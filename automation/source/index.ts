/** A version is a git ref: from a branch, tag or commit to a folder that a slot can start. */
export { type Artifact, materialise, pruneArtifacts } from "./materialise";
export type { Source, SourceFolders } from "./repository";
export { type ResolvedRef, resolveRef } from "./resolve";
