import type { Measurement, Result } from "../../check";
import { combined, result, timed } from "../results";

export interface DatabaseSpec {
  /** Something to ask; it must change nothing. Without, the least that the database answers to. */
  query?: string;
  slowAfterMs?: number;
  /** How far a replica may be behind; without, it is only measured where it costs nothing. */
  maxLagMs?: number;
}

/** A server that is asked over the network. */
export interface ServerSpec extends DatabaseSpec {
  host: string;
  port: number;
  user?: string;
  password?: string;
  database?: string;
  /** With the certificate verified. */
  tls?: boolean;
}

/** What a database said of itself beside its answer. */
export interface Condition {
  connections?: { used: number; most: number };
  lagMs?: number;
}

/** Shares of the connections that there may be. */
const connectionsLimit = { warn: 0.85, fail: 0.97 };

export function judged(ms: number, spec: DatabaseSpec, { connections, lagMs }: Condition): Result {
  const results = [timed(ms, spec.slowAfterMs, "answered")];
  if (connections) results.push(pool(connections));
  if (lagMs !== undefined) {
    const measured: Measurement[] = [{ name: "replicationLag", value: Math.round(lagMs), unit: "ms" }];
    const behind = spec.maxLagMs !== undefined && lagMs > spec.maxLagMs;
    const words = `the replica is ${Math.round(lagMs)} ms behind${behind ? `, and ${spec.maxLagMs} ms are allowed` : ""}`;
    results.push(result(behind ? "fail" : "pass", words, measured));
  }
  return combined(results);
}

function pool({ used, most }: { used: number; most: number }): Result {
  const share = used / most;
  const verdict = share >= connectionsLimit.fail ? "fail" : share >= connectionsLimit.warn ? "warn" : "pass";
  return result(verdict, `${used} of ${most} connections are used`, [
    { name: "connections", value: used, unit: "" },
    { name: "utilization", value: Math.round(share * 1000) / 10, unit: "percent" },
  ]);
}
