/** What git's merge does with a file that both sides changed, as far as it can be told without a merge. */
import type { Change, Delta } from "./delta";
import type { Versions } from "./hunk-store";

export type Meeting =
  | "clean"
  | "modify/delete"
  /** Decided by the hunks of both sides. */
  | "text"
  /** Renames, links, submodules, other types: git itself is asked. */
  | "ask-git";

const regular = (mode: string): boolean => mode === "100644" || mode === "100755";

export function classify(ours: Change, theirs: Change, oursDelta: Delta, theirsDelta: Delta): Meeting {
  const renames = oursDelta.canRename || theirsDelta.canRename;
  if (ours.kind === "deleted" && theirs.kind === "deleted") return renames ? "ask-git" : "clean";
  if (ours.kind === "deleted") return deleted(oursDelta, theirs);
  if (theirs.kind === "deleted") return deleted(theirsDelta, ours);
  const same = ours.newOid === theirs.newOid && ours.newMode === theirs.newMode;
  if (ours.kind === "added") {
    // what was added may be the other end of a rename
    if (renames || !regular(ours.newMode) || ours.newMode !== theirs.newMode) return "ask-git";
    return same ? "clean" : "text";
  }
  if (same) return "clean";
  if (![ours.oldMode, ours.newMode, theirs.newMode].every(regular)) return "ask-git";
  // modes have two values, so where both sides changed it they changed it alike
  const contents = new Set([ours.oldOid, ours.newOid, theirs.newOid]);
  return contents.size === 3 ? "text" : "clean";
}

/** A deleted file may have been renamed, and then the other side's change goes along. */
function deleted(deleter: Delta, modified: Change): Meeting {
  if (deleter.canRename || !regular(modified.oldMode) || !regular(modified.newMode)) return "ask-git";
  return "modify/delete";
}

export const versionsOf = (change: Change): Versions => ({
  base: change.kind === "added" ? null : change.oldOid,
  side: change.newOid,
});
