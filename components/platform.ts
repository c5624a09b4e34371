/**
 * The border between what Switchyard is and where it runs.
 *
 * `PlatformResources` is what the components ask for while the program registers resources; it is declarative.
 * `LivePlatform` is what the driver asks while a release runs: it reads what is true outside, and has exactly one way to
 * change it (`setRoute`), kept for a rollback that cannot wait for a stack operation.
 */
import type { RouteState, TeamSettings } from "../config/settings";

/** Counters of one slot as its load balancer counted them; they only grow between two readings of the same `since`. */
export interface SlotCounters {
  requests: number;
  serverErrors: number;
  /** Answers the load balancer gave in the slot's place: refused, reset, timed out. */
  failures: number;
  /** Upper bounds of the latency buckets in ms; the last is Infinity. */
  latencyBoundsMs: number[];
  latencyCounts: number[];
  inFlight: number;
  webSockets: number;
  /** null: not checked yet. */
  healthy: boolean | null;
  /** RFC 3339 with ms of the last request sent to this slot. */
  lastRequestAt: string | null;
}

export interface TrafficReading {
  /** RFC 3339 with ms. */
  at: string;
  since: string;
  slots: Record<string, SlotCounters>;
}

export interface SlotCondition {
  state: "running" | "starting" | "failing" | "stopped" | "empty";
  /** Of the version that is in the slot now. */
  version: string | null;
  /** One sentence a person can act on, for example "exited with code 1, 3 times; last words: …". */
  detail: string;
}

/** A rule that the team's alarms registered; the driver's bake evaluates it on the counters. */
export interface BakeRule {
  name: string;
  metric: "error-rate" | "latency-p99-ms" | "unhealthy";
  threshold: number;
  windowMs: number;
  minimumRequests: number;
}

export interface LivePlatform {
  /** The load balancer's own record of the team's route; null: it has none. Throws when it cannot be asked. */
  route(): Promise<RouteState | null>;
  /** Writes weights, epoch and revision past the stack. Refused by the load balancer (`stale-epoch`) when it holds a newer one. */
  setRoute(route: RouteState): Promise<void>;
  traffic(): Promise<TrafficReading>;
  rules(): Promise<BakeRule[]>;
  slot(slot: string): Promise<SlotCondition>;
  /** Where the slot itself answers, past the load balancer: `http://127.0.0.1:21001`. */
  slotUrl(slot: string): string;
  /** Where users' requests arrive: `http://127.0.0.1:8080`. */
  entryUrl(): string;
  /** Names of answer headers that say which slot answered. */
  slotHeader: string;
  /** The last lines of a slot's log, oldest first. */
  logs(slot: string, lines: number): Promise<string[]>;
}

export type LivePlatformOf = (settings: TeamSettings) => LivePlatform;
