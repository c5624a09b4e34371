/** One supervised process group: started, watched, started again after a back-off, stopped. Operations on it never overlap. */
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../config/errors";
import type { ProcessSpec, ProcessStatus } from "../api";
import { logFile } from "../paths";
import { identify, isRunning, type ProcessIdentity } from "../process-table";
import { type Limiter, watchingLimiter } from "./cgroups";
import { stopGroup } from "./group";
import { checkLaunch, launch } from "./launch";
import { logSize, tailLog } from "./logs";
import type { RecordEntry } from "./record";
import { Restarts } from "./restarts";

export interface Surroundings {
  runtimeDir: string;
  limiter: Limiter;
  now(): Date;
  /** 0..1 */
  random(): number;
  /** Writes the record; called after each change of an entry. */
  save(): void;
  log(line: string): void;
}

/** Settings that a running process must be restarted for. */
const hard = ({ graceMs, stopAfter, targetGroup, ...rest }: ProcessSpec) => rest;

const lastWordsLines = 5;

export class Supervised {
  private child: ChildProcess | undefined;
  /** The token of the process whose end would be news; undefined while there is none, or it is being stopped on purpose. */
  private watched: string | undefined;
  /** Its end is being dealt with. */
  private ending = false;
  private readonly restarts: Restarts;
  private lastWords: string[] = [];
  private logStart = 0;
  private limiter: Limiter;
  private memoryKillsBefore = 0;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly name: string,
    readonly entry: RecordEntry,
    private readonly around: Surroundings,
  ) {
    this.limiter = around.limiter;
    this.restarts = new Restarts(around);
  }

  get spec(): ProcessSpec {
    return this.entry.spec;
  }

  get logFile(): string {
    return logFile(this.around.runtimeDir, this.name);
  }

  get limitsBy(): ProcessStatus["limitsBy"] {
    return this.limiter.by(this.spec.limits);
  }

  /** The live leader of the group. */
  get leader(): ProcessIdentity | undefined {
    const { process } = this.entry;
    return process && isRunning(process) ? process : undefined;
  }

  /** A process is dead a moment before its end is dealt with; this waits until the status can tell why. */
  async settledStatus(): Promise<ProcessStatus> {
    for (;;) {
      const status = this.status();
      if (status.pid !== null || (this.watched === undefined && !this.ending)) return status;
      this.poll();
      await delay(5);
    }
  }

  status(): ProcessStatus {
    const { env: _secret, ...spec } = this.spec;
    const { desired, startedAt, restarts, lastExit, reason } = this.entry;
    const pid = this.leader?.pid ?? null;
    const state = pid !== null ? "running" : desired === "running" ? "backing-off" : "stopped";
    const nextStartAt = this.restarts.dueAt?.toISOString() ?? null;
    return {
      ...{ name: this.name, state, pid, startedAt, restarts, lastExit, reason, nextStartAt, spec },
      ...{ lastWords: this.lastWords, logFile: this.logFile, limitsBy: this.limitsBy },
    };
  }

  /** Makes the process run with this spec; see the API for what restarts it. */
  put(spec: ProcessSpec): Promise<void> {
    return this.exclusively(async () => {
      const stoppedInTime = spec.stopAfter !== undefined && spec.stopAfter === this.spec.stopAfter;
      if (isDeepStrictEqual(hard(spec), hard(this.spec)) && (this.entry.desired === "running" || stoppedInTime)) {
        this.entry.spec = spec;
        this.around.save();
        return;
      }
      await this.end(null, "stopped");
      // Another version has a history of its own.
      this.restarts.reset();
      this.lastWords = [];
      Object.assign(this.entry, { restarts: 0, lastExit: null });
      try {
        this.entry.spec = spec;
        await this.start();
      } catch (error) {
        // Without `stopAfter`, so that the same spec again is a new attempt.
        this.entry.spec = { ...spec, stopAfter: undefined };
        Object.assign(this.entry, { desired: "stopped", reason: messageOf(error) });
        this.around.save();
        throw error;
      }
    });
  }

  /** Ends the group and keeps it ended; `reason` is for the status. */
  stop(reason: string | null): Promise<void> {
    return this.exclusively(() => this.end(reason, "stopped"));
  }

  /** Ends a group that did something wrong, and starts it again after the back-off. */
  restart(reason: string): Promise<void> {
    return this.exclusively(async () => {
      this.restarts.countFailure(this.entry.startedAt);
      await this.end(reason, "running");
      this.startLater(reason);
    });
  }

  /** After the supervisor's own start: goes on with a process that still runs, or starts it. `found`: the leader by its token. */
  resume(found: ProcessIdentity | undefined): Promise<void> {
    return this.exclusively(async () => {
      this.entry.process ??= found ?? null;
      if (this.entry.desired === "stopped") await this.end(this.entry.reason, "stopped");
      else if (this.leader) {
        this.watched = this.entry.token;
        this.around.log(`${this.name}: adopted pid ${this.leader.pid}`);
      } else {
        await stopGroup(this.around.runtimeDir, this.entry, 0);
        this.startLater("it had ended when the supervisor started");
      }
    });
  }

  /** Notices the end of an adopted process, which is nobody's child any more. */
  poll(): void {
    if (!this.child && this.watched && !this.leader) this.ended(this.watched, null, null);
  }

  /** Leaves the process alone for good. */
  release(): void {
    this.restarts.cancel();
    this.watched = undefined;
    this.child?.unref();
  }

  private exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.queue.then(action);
    this.queue = result.catch(() => {}); // told to whoever waits for `result`
    return result;
  }

  private async start(): Promise<void> {
    await checkLaunch(this.name, this.spec);
    const token = randomUUID();
    const startedAt = this.around.now().toISOString();
    Object.assign(this.entry, { desired: "running", process: null, token, startedAt });
    this.around.save();
    this.logStart = logSize(this.logFile);
    const child = await launch(this.name, this.spec, this.logFile, `${this.around.runtimeDir}|${token}`);
    this.child = child;
    this.watched = token;
    child.on("error", (error) => this.around.log(`${this.name}: ${error.message}`));
    child.on("exit", (code, signal) => {
      if (this.child === child) this.child = undefined;
      this.ended(token, code, signal);
    });
    this.entry.process = identify(child.pid) ?? null;
    this.limit(child.pid);
    this.around.save();
    this.around.log(`${this.name}: started pid ${child.pid}`);
  }

  private limit(pid: number): void {
    this.limiter = this.around.limiter;
    try {
      this.limiter.place(this.name, pid, this.spec.limits);
      this.memoryKillsBefore = this.limiter.memoryKills(this.name);
    } catch (error) {
      this.limiter = watchingLimiter;
      this.around.log(`${this.name}: cgroup limits cannot be set (${messageOf(error)}); its memory is watched`);
    }
  }

  private async end(reason: string | null, desired: "running" | "stopped"): Promise<void> {
    this.restarts.cancel();
    this.watched = undefined;
    await stopGroup(this.around.runtimeDir, this.entry, this.spec.graceMs);
    this.limiter.remove(this.name);
    Object.assign(this.entry, { desired, process: null, reason });
    this.around.save();
  }

  private ended(token: string, code: number | null, signal: string | null): void {
    if (this.watched !== token) return;
    this.watched = undefined;
    this.ending = true;
    this.entry.lastExit = { code, signal, at: this.around.now().toISOString() };
    this.restarts.countFailure(this.entry.startedAt);
    this.exclusively(async () => {
      if (this.entry.token !== token || this.entry.desired === "stopped") return;
      await stopGroup(this.around.runtimeDir, this.entry, 0); // children that outlived their leader
      this.entry.process = null;
      this.lastWords = await tailLog(this.logFile, lastWordsLines, this.logStart);
      this.startLater(this.describeEnd(code, signal));
    })
      .catch((error) => this.around.log(`${this.name}: ${messageOf(error)}`))
      .finally(() => {
        this.ending = false;
      });
  }

  private describeEnd(code: number | null, signal: string | null): string {
    if (this.limiter.memoryKills(this.name) > this.memoryKillsBefore)
      return `over its memory limit of ${this.spec.limits.memoryMb} MB: killed by the kernel`;
    if (signal) return `ended by ${signal}`;
    return code === null ? "ended; its exit code is not known, since it was adopted" : `exited with code ${code}`;
  }

  private startLater(reason: string): void {
    Object.assign(this.entry, { desired: "running", reason, restarts: this.entry.restarts + 1 });
    const delayMs = this.restarts.schedule(() => {
      const due = this.restarts.dueAt;
      this.exclusively(async () => {
        if (due === undefined || this.restarts.dueAt !== due) return; // stopped meanwhile
        this.restarts.dueAt = undefined;
        await this.start().catch((error: unknown) => {
          this.restarts.countFailure(null);
          this.startLater(messageOf(error));
        });
      }).catch((error) => this.around.log(`${this.name}: ${messageOf(error)}`));
    });
    this.around.save();
    this.around.log(`${this.name}: ${reason}; starting again in ${Math.round(delayMs)} ms`);
  }
}
