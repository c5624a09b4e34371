/** What the load generator saw. All times are milliseconds since 1970 with fractions, from the load generator's own clock. */

/** `load-balancer`: a 502, 503 or 504 that no version gave. */
export type Failure = "refused" | "reset" | "timed-out" | "load-balancer";

export interface Answer {
  team: string;
  /** null: nobody answered, or the load balancer did itself. */
  slot: string | null;
  version: string | null;
  /** 0: no answer. */
  status: number;
  failure: Failure | null;
  sentAt: number;
  endedAt: number;
  /** From when the schedule wanted it sent, so that a stalled server cannot hide how long others would have waited. */
  latencyMs: number;
}

export interface SocketEvent {
  at: number;
  socket: number;
  event: "opened" | "refused" | "echo-lost" | "closed";
  slot: string | null;
  version: string | null;
  /** Of a close frame; 1006: the connection ended without one. */
  code: number | null;
  /** The client ended it, since the load is over. */
  own: boolean;
}

export interface Recording {
  startedAt: number;
  endedAt: number;
  answers: Answer[];
  sockets: SocketEvent[];
}

export interface LoadOptions {
  /** Where users' requests arrive, for example http://127.0.0.1:8080 */
  entryUrl: string;
  /** The answer header that says which slot answered, in lower case. */
  slotHeader: string;
  requestsPerSecond: number;
  webSockets: number;
  seed: number;
}

export type ToWorker =
  | { type: "start"; options: LoadOptions }
  | { type: "since"; id: number; at: number }
  | { type: "stop" };
export type FromWorker =
  | { type: "ready" }
  | { type: "since"; id: number; recording: Recording }
  | { type: "stopped"; recording: Recording };

/** Milliseconds since 1970 with fractions; two processes on one machine agree on it. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
