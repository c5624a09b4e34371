/** Conflicts as they come and go: with whom, where, since when, and who should talk. */
export type { ConflictReport } from "./report";
export { conflictsNow, type MatrixNews, watchConflicts } from "./watch";
