/** What a check is: when it is asked, what counts as an answer, and what one answer says. */

/** `warn`: it works, and somebody should look at it in working hours. `unknown`: there is no evidence either way. */
export type State = "pass" | "warn" | "fail" | "unknown";

export interface Measurement {
  /** As in `application/health+json`: `responseTime`, `utilization`, `connections`. */
  name: string;
  value: number;
  /** `ms`, `s`, `d`, `percent`, or empty for a count. */
  unit: string;
}

/** What one probe found. */
export interface Result {
  verdict: State;
  /** One sentence with the numbers it rests on. It holds no secret. */
  evidence: string;
  measurements: Measurement[];
}

/** Ends by itself soon after `signal` is aborted; what it throws counts as a failure with that message. */
export type Probe = (signal: AbortSignal) => Promise<Result>;

/** When a check is asked, and how much evidence turns its state. */
export interface Policy {
  /** The longest time between two probes; jitter only makes it shorter. */
  intervalMs: number;
  /** Of one probe. */
  deadlineMs: number;
  /** Between probes while a result disagrees with the state: from start to start, and never two at once. */
  retryMs: number;
  /** Failures in a row until the state is `fail`. */
  failAfter: number;
  /** Better results in a row until a bad state ends, and warnings until `warn` begins. */
  passAfter: number;
}

export const defaultPolicy: Policy = {
  intervalMs: 30_000,
  deadlineMs: 5_000,
  retryMs: 5_000,
  failAfter: 3,
  passAfter: 2,
};

/** A check as the state machine sees it: everything but how it is probed. */
export interface Plan {
  /** Unique in its environment: `load-balancer`, `ai-workflow.slot-3`. */
  id: string;
  policy: Policy;
  /** Checks whose failure explains this one's. */
  dependsOn: string[];
  /** Whether somebody is called when it fails. Without, it is only shown. */
  pages: boolean;
}

export interface Check extends Plan {
  /** `component`, `datastore` or `system`, as in `application/health+json`. */
  kind: "component" | "datastore" | "system";
  /** Undefined: it belongs to the whole environment. */
  team?: string;
  /** What is asked, for people: `http://127.0.0.1:21001/api/ai/health`. Without credentials. */
  target: string;
  probe: Probe;
}

const severity: Record<State, number> = { pass: 0, warn: 1, unknown: 2, fail: 3 };

/** The worst of some states; `pass` of none. */
export const worst = (states: Iterable<State>): State =>
  [...states].reduce((found, state) => (severity[state] > severity[found] ? state : found), "pass");
