/** What scripts and the CLI say to the driver, and what it answers. */
import type { ReleaseConfig, RouteState } from "../config/settings";

export type Outcome = "settled" | "refused" | "rolled-back" | "resumed" | "halted" | "aborted";

export type Phase =
  | "plan"
  | "admit"
  | "stage"
  | "verify"
  | "shift"
  | "bake"
  | "settle"
  | "roll-back"
  | "clean"
  | "done";

/** One check's answer. `inconclusive`, `no-data` and `error` are never a pass. */
export interface GateResult {
  gate: string;
  verdict: "pass" | "fail" | "inconclusive" | "no-data" | "error";
  /** One sentence with the numbers it rests on. */
  evidence: string;
}

export interface PhaseTime {
  name: Phase;
  /** RFC 3339 with ms. */
  startedAt: string;
  ms: number;
}

export interface ReleaseReport {
  id: string;
  environment: string;
  team: string;
  /** The commit, and what the person called it. */
  version: string;
  ref: string;
  /** The slot that was live before; null: none was. */
  from: string | null;
  to: string;
  outcome: Outcome;
  /** Why, in one sentence. */
  reason: string;
  /** What to do about it, where the failure knew. */
  next?: string;
  phases: PhaseTime[];
  gates: GateResult[];
  /** Each time weights were written: when the operation began and when the load balancer had them. */
  switches: { startedAt: string; doneAt: string; weights: Record<string, number>; direct: boolean }[];
}

/** One line of the journal. An intent is on disk before its effect begins; a result comes after it. */
export interface JournalEntry {
  release: string;
  seq: number;
  /** RFC 3339 with ms. */
  at: string;
  /** `intent` and `result` of a phase's effect; `write` and `written` of the stack's config and route; `direct` past the stack. */
  kind: "intent" | "result" | "write" | "written" | "direct";
  data: Record<string, unknown>;
}

/** What a release tells while it runs. All of it is synchronous and must not throw. */
export interface Observer {
  phase?(phase: Phase, at: string): void;
  gate?(result: GateResult): void;
  /** After the entry is on disk and before its effect begins. */
  journal?(entry: JournalEntry): void;
  /** A line of a build's or an engine's output. */
  line?(text: string): void;
}

export interface Target {
  environment: string;
  team: string;
}

export interface ReleaseRequest extends Target {
  ref: string;
  signal?: AbortSignal;
  observer?: Observer;
}

export interface Planned {
  version: string;
  ref: string;
  from: string | null;
  to: string;
  /** Pulumi's own words on what staging would change. */
  preview: string;
  rollback: { weights: Record<string, number>; live: string | null };
}

export interface SlotStatus {
  slot: string;
  weight: number;
  live: boolean;
  version: string | null;
  ref: string | null;
  condition: string;
  detail: string;
  url: string;
  webSockets: number;
  /** RFC 3339: the end of the warm window. */
  stopAfter: string | null;
}

export interface TeamStatus {
  team: string;
  environment: string;
  /** From the stack's state; null: nothing was ever released. */
  route: RouteState | null;
  /** From the load balancer; null: it has none or cannot be asked. */
  liveRoute: RouteState | null;
  agrees: boolean;
  slots: SlotStatus[];
  driver: { owner: string; pid: number; host: string; epoch: number; alive: boolean } | null;
  unfinished: { id: string; phase: Phase; ref: string } | null;
  config: ReleaseConfig;
}
