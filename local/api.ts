/**
 * What the local platform's two daemons say to their callers: JSON over HTTP on a unix socket in the runtime directory.
 * Supervisor: `supervisor.sock`; load balancer: `lb.sock` (see `local/paths.ts`; both mode 0600 in a 0700 directory).
 * Errors are `{error: {code, message}}` with a 4xx or 5xx status.
 */

// ---- supervisor -----------------------------------------------------------------------------------------------------
//   GET    /                      -> {pid, version, processes: ProcessStatus[]}
//   PUT    /processes/:name       ProcessSpec -> ProcessStatus   (same spec: no-op; other spec: stop, then start)
//   GET    /processes/:name       -> ProcessStatus
//   DELETE /processes/:name       -> {}           (SIGTERM to the group, SIGKILL after graceMs; waits until it is gone)
//   POST   /shutdown              {keepProcesses: boolean, onlyIdle?: boolean} -> {}   (onlyIdle: 409 `busy` while it has processes)
//
// A PUT that changes nothing but `graceMs`, `stopAfter` and `targetGroup` restarts nothing. A PUT answers when the process is started; it fails with
// `port-taken` (409) or `stage-failed` (422: no such command, no such folder).

export interface ProcessSpec {
  /** Argument list; never through a shell. */
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** SIGTERM, then SIGKILL to the whole process group after this. */
  graceMs: number;
  limits: { memoryMb?: number; cpus?: number };
  /** The port it will listen on; taken by somebody else: refused before it is started, with the holder's pid where known. */
  port?: number;
  /** RFC 3339: stopped at this time, but only while its target group has weight 0 and no open connection (or its drain deadline passed). */
  stopAfter?: string;
  /** The target group that `stopAfter` asks the load balancer about. */
  targetGroup?: string;
  /** What runs, for the status; the supervisor makes nothing of it. */
  version?: string;
}

export interface ProcessStatus {
  name: string;
  state: "running" | "backing-off" | "stopped";
  pid: number | null;
  /** RFC 3339 of the last start. */
  startedAt: string | null;
  /** Of this version. */
  restarts: number;
  /** Of this version's last exit that nobody asked for. */
  lastExit: { code: number | null; signal: string | null; at: string } | null;
  logFile: string;
  /** Why it is not running, or why it was last restarted: one sentence, or null. */
  reason: string | null;
  /** The last lines it wrote before its last exit that nobody asked for, oldest first. */
  lastWords: string[];
  /** RFC 3339; while backing off: when it will be started again. */
  nextStartAt: string | null;
  /** What holds the limits. `watched`: resident memory is read once a second, and a group over its limit is restarted. */
  limitsBy: {
    memory: "cgroup-v2" | "cgroup-v1" | "watched" | "none";
    cpu: "cgroup-v2" | "cgroup-v1" | "not-enforced" | "none";
  };
  /** Without the environment, which holds secrets. */
  spec: Omit<ProcessSpec, "env">;
}

export interface SupervisorState {
  pid: number;
  version: string;
  processes: ProcessStatus[];
}

// ---- load balancer --------------------------------------------------------------------------------------------------
//   GET    /                      -> LoadBalancerState
//   PUT    /target-groups/:name   TargetGroupSpec -> TargetGroupStatus
//   DELETE /target-groups/:name   (refused with 409 while a route gives it weight)
//   PUT    /routes/:team          RouteSpec -> RouteSpec        409 `stale-epoch` with {held: {epoch, revision}}
//   DELETE /routes/:team          -> {}    its (epoch, revision) is remembered: a later route with weight must be newer
//   PUT    /alarms/:team          AlarmRule[]                   kept for whoever evaluates; the load balancer only stores them
//   GET    /stats/:team           -> TeamStats                  counters are at most 100 ms old
//   GET    /stats                 -> {teams: Record<team, TeamStats>}
//   GET    /metrics               -> the same for Prometheus, as text

export interface TargetGroupSpec {
  team: string;
  slot: string;
  host: string;
  port: number;
  health: { path: string; intervalMs: number; timeoutMs: number; healthyAfter: number; unhealthyAfter: number };
  /** How long open WebSockets of a slot whose weight went to 0 may live; then they are closed with 1001, spread by jitter over a tenth of this, at most 5 s. */
  drainMs: number;
  /** How long a slot may take until its answer begins, then 504; and how long an answer that began may pause, then it is cut. */
  requestTimeoutMs: number;
}

export interface TargetGroupStatus extends TargetGroupSpec {
  name: string;
  healthy: boolean | null;
  /** Why, in words, with the time of the last change. */
  reason: string;
  inFlight: number;
  webSockets: number;
  /** RFC 3339; set while the weight is 0 after it was more: by then every connection that was open is closed or was asked to. */
  drainUntil: string | null;
}

export interface RouteSpec {
  team: string;
  /** Path prefixes, matched on whole segments, longest first. */
  paths: string[];
  /** Slot name -> target group name. */
  targetGroups: Record<string, string>;
  /** Slot name -> 0..100. All zero: 503 that names the team. */
  weights: Record<string, number>;
  live: string | null;
  epoch: number;
  revision: number;
  release: string;
}

export interface AlarmRule {
  name: string;
  /** What is measured, over one slot. */
  metric: "error-rate" | "latency-p99-ms" | "latency-p50-ms" | "unhealthy" | "failed-requests";
  /** Fires when the value is above this (error-rate: 0..1). */
  threshold: number;
  /** Over the last this many milliseconds. */
  windowMs: number;
  /** Fewer requests in the window: no-data, never a pass. */
  minimumRequests: number;
}

/** Counters since the load balancer first saw the slot; they only grow (`since` tells of a restart). */
export interface SlotStats {
  /** Sent to the slot, WebSocket handshakes included; counted when they are sent. */
  requests: number;
  /** By status class, "2xx".."5xx", of answers that the slot gave; "1xx" are WebSockets that it opened. */
  statuses: Record<string, number>;
  /** Answers the load balancer gave in the slot's place: refused, reset, timed out. */
  failures: number;
  /** Upper bounds in ms of the buckets of the time from request to the head of the answer; the last one is Infinity written as null. */
  latencyBoundsMs: (number | null)[];
  latencyCounts: number[];
  inFlight: number;
  webSockets: number;
  webSocketsOpened: number;
  /** RFC 3339 with ms of the last request that was sent to this slot. */
  lastRequestAt: string | null;
}

export interface TeamStats {
  team: string;
  /** RFC 3339 of this reading, and of the counters' start. */
  at: string;
  since: string;
  route: RouteSpec | null;
  slots: Record<string, SlotStats & { healthy: boolean | null }>;
  alarms: AlarmRule[];
}

export interface LoadBalancerState {
  pid: number;
  listener: { host: string; port: number };
  targetGroups: Record<string, TargetGroupStatus>;
  routes: Record<string, RouteSpec>;
  /** Of routes that were deleted. */
  tombstones: Record<string, { epoch: number; revision: number }>;
  /** Whether the last change reached the disk; if not, why, in words. It is in effect all the same and is written again until it is. */
  record: { saved: boolean; reason: string };
}

/** Added to each proxied answer: which slot gave it. */
export const slotHeader = "x-switchyard-slot";
/** On answers that the load balancer gave itself (404, 502, 503, 504 …), with the error's code; never on a slot's answer. */
export const errorHeader = "x-switchyard-error";
