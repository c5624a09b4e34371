/** What moves the traffic: the embedded proxy or HAProxy. The control side decides, keeps the record and tells it. */
import type { RouteSpec, SlotStats, TargetGroupSpec } from "../../api";

export interface TargetCondition {
  healthy: boolean | null;
  reason: string;
  inFlight: number;
  webSockets: number;
}

/** Each change is in effect for the next request when its promise is resolved. Calls are made one after the other. */
export interface DataPlane {
  putTargetGroup(name: string, spec: TargetGroupSpec): Promise<void>;
  /** Open WebSockets are closed with 1001, requests in flight end. */
  removeTargetGroup(name: string): Promise<void>;
  putRoute(route: RouteSpec): Promise<void>;
  removeRoute(team: string): Promise<void>;
  /** Closes open WebSockets between `fromMs` and `untilMs` (since 1970), not before. */
  drain(targetGroup: string, fromMs: number, untilMs: number): void;
  /** The weight came back: connections stay open. */
  cancelDrain(targetGroup: string): void;
  condition(targetGroup: string): TargetCondition;
  stats(team: string, slot: string): SlotStats;
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
  /** Stops accepting, lets requests in flight end within `withinMs`, closes WebSockets with 1001. */
  close(withinMs: number): Promise<void>;
}
