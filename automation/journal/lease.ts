/**
 * Who may drive a team now. A lease has an owner, a heartbeat and a time to live, and each new owner gets an epoch that
 * was never used before. Nothing relies on the owner's belief in it: traffic is fenced by the epoch where it is moved.
 */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { SwitchyardError } from "../../config/errors";
import type { Records } from "../../store";

const ttlMs = 10_000;
const heartbeatMs = 400;

export interface LeaseHolder {
  owner: string;
  pid: number;
  host: string;
  epoch: number;
  /** Its heart beats, and where that can be told its process is there. */
  alive: boolean;
}

export interface Lease {
  epoch: number;
  /** Who held it before without giving it back: its operation may still be under way. */
  predecessor: LeaseHolder | undefined;
  /** Whether nobody has taken it over yet. */
  isOurs(): boolean;
  /** Runs `work` as long as the lease is ours; nobody takes it over meanwhile. Throws `lease-lost`, and tells `onLost`. */
  holding<T>(work: () => T): T;
  release(): void;
}

interface LeaseOptions {
  /** Higher than any epoch seen outside. */
  aboveEpoch: number;
  onAbort(reason: string): void;
  onLost(): void;
}

/** The present holder; undefined: nobody. */
export function leaseHolder(records: Records, stack: string): LeaseHolder | undefined {
  const [row] = records.all("SELECT * FROM lease WHERE stack = ? AND owner IS NOT NULL", stack);
  if (row === undefined) return undefined;
  const beats = Number(row.heartbeat_ms) + Number(row.ttl_ms) > Date.now();
  const pid = Number(row.pid);
  const host = String(row.host);
  const alive = beats && (host !== hostname() || isRunning(pid));
  return { owner: String(row.owner), pid, host, epoch: Number(row.epoch), alive };
}

/** Throws `team-busy` while somebody else's heart beats. */
export function acquireLease(records: Records, stack: string, options: LeaseOptions): Lease {
  const owner = randomUUID();
  const { epoch, predecessor } = records.atomically(() => {
    const holder = leaseHolder(records, stack);
    if (holder?.alive) {
      throw new SwitchyardError(
        "team-busy",
        `Another driver (pid ${holder.pid} on ${holder.host}) is releasing on ${stack}.`,
        {
          facts: { ...holder },
        },
      );
    }
    const [row] = records.all("SELECT epoch FROM lease WHERE stack = ?", stack);
    const next = Math.max(Number(row?.epoch ?? 0), options.aboveEpoch) + 1;
    records.run(
      `INSERT INTO lease (stack, owner, pid, host, epoch, heartbeat_ms, ttl_ms) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (stack) DO UPDATE SET owner = excluded.owner, pid = excluded.pid, host = excluded.host,
         epoch = excluded.epoch, heartbeat_ms = excluded.heartbeat_ms, ttl_ms = excluded.ttl_ms, abort_reason = NULL`,
      stack,
      owner,
      process.pid,
      hostname(),
      next,
      Date.now(),
      ttlMs,
    );
    return { epoch: next, predecessor: holder };
  });

  let abortSeen = false;
  const timer = setInterval(() => {
    const beaten = records.run(
      "UPDATE lease SET heartbeat_ms = ? WHERE stack = ? AND owner = ?",
      Date.now(),
      stack,
      owner,
    );
    if (beaten === 0) {
      clearInterval(timer);
      options.onLost();
      return;
    }
    const [row] = records.all("SELECT abort_reason FROM lease WHERE stack = ?", stack);
    if (typeof row?.abort_reason === "string" && !abortSeen) {
      abortSeen = true;
      options.onAbort(row.abort_reason);
    }
  }, heartbeatMs);
  timer.unref();

  const isOurs = () => records.all("SELECT owner FROM lease WHERE stack = ?", stack)[0]?.owner === owner;
  return {
    epoch,
    predecessor,
    isOurs,
    holding: (work) =>
      records.atomically(() => {
        if (isOurs()) return work();
        clearInterval(timer);
        options.onLost();
        throw new SwitchyardError("lease-lost", `Another driver took ${stack} over; this one stopped.`);
      }),
    release() {
      clearInterval(timer);
      records.run("UPDATE lease SET owner = NULL, abort_reason = NULL WHERE stack = ? AND owner = ?", stack, owner);
    },
  };
}

/** Asks the present holder to stop and put the traffic back; false: nobody holds it. */
export function requestAbort(records: Records, stack: string, reason: string): boolean {
  if (!leaseHolder(records, stack)?.alive) return false;
  return records.run("UPDATE lease SET abort_reason = ? WHERE stack = ? AND owner IS NOT NULL", reason, stack) > 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
