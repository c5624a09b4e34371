/** What the demo tells a driver's process, and what it hears from it: one JSON document a line on its stdout. */
import type { GateResult, JournalEntry, Phase, ReleaseReport } from "../../automation";

/** A place in the journal: the first entry of this kind in this phase. */
export interface Boundary {
  phase: Phase;
  kind: JournalEntry["kind"];
}

export interface Order {
  dir: string;
  environment: string;
  team: string;
  /** null: finish what an earlier driver left. */
  ref: string | null;
  /** The driver ends itself with SIGKILL when this entry is on disk and its effect has not begun. */
  dieAt: Boundary | null;
}

export type Told =
  | { type: "phase"; phase: Phase; at: string }
  | { type: "gate"; result: GateResult }
  | { type: "journal"; phase: Phase; entry: JournalEntry }
  | { type: "report"; report: ReleaseReport }
  | { type: "failed"; message: string };
