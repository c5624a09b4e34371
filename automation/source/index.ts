/** A version is a git ref: from a branch, tag or commit to a folder that a slot can start. */
export { materialise, pruneArtifacts } from "./materialise";
export { openRepository, type Source, type SourceFolders } from "./repository";
export { resolveRef } from "./resolve";
