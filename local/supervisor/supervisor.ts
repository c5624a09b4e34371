/** Everything the supervisor owns, and what it looks at from time to time. */
import { messageOf } from "../../config/errors";
import type { LoadBalancerState, ProcessSpec, ProcessStatus } from "../api";
import { callJson, JsonHttpError } from "../http-json";
import { loadBalancerSocket, logFile } from "../paths";
import { groupMemoryMb, identify, markedProcesses } from "../process-table";
import { findLimiter, type Limiter } from "./cgroups";
import { rotateLog } from "./logs";
import { loadRecord, type RecordEntry, saveRecord } from "./record";
import { decideStop } from "./stop-after";
import { Supervised, type Surroundings } from "./supervised";

export interface SupervisorOptions {
  runtimeDir: string;
  /** By default what cgroups allow. */
  limiter?: Limiter;
  now?(): Date;
  random?(): number;
  log(line: string): void;
  /** False when the runtime directory is not this supervisor's any more: then nothing is written into it. */
  holds?(): boolean;
}

const pollMs = 250;
const tickMs = 1000;

const newEntry = (spec: ProcessSpec): RecordEntry => ({
  ...{ spec, desired: "stopped", process: null, token: "", startedAt: null },
  ...{ restarts: 0, lastExit: null, reason: null },
});

export class Supervisor {
  private readonly processes = new Map<string, Supervised>();
  private readonly around: Surroundings;
  private timers: NodeJS.Timeout[] = [];
  private ticking = false;
  /** Why the record on disk is not up to date, and what went wrong at the last tick: said once, not once a second. */
  private unsaved = "";
  private tickTrouble = "";

  constructor(private readonly options: SupervisorOptions) {
    const { runtimeDir, log, now = () => new Date(), random = Math.random } = options;
    const limiter = options.limiter ?? findLimiter(runtimeDir);
    this.around = { runtimeDir, limiter, now, random, log, save: () => this.save() };
  }

  /** Adopts what still runs, starts again what should, ends what should not. */
  async start(): Promise<void> {
    const record = loadRecord(this.around.runtimeDir);
    const marked = markedProcesses(this.around.runtimeDir);
    const tokens = new Set(Object.values(record).map(({ token }) => token));
    for (const { pid, token } of marked) {
      if (tokens.has(token)) continue;
      this.around.log(`ended pid ${pid}: it belongs to a start that nobody knows any more`);
      process.kill(pid, "SIGKILL");
    }
    for (const [name, entry] of Object.entries(record))
      this.processes.set(name, new Supervised(name, entry, this.around));
    for (const supervised of this.processes.values()) {
      const leader = marked.find(({ pid, group, token }) => token === supervised.entry.token && pid === group);
      await supervised.resume(leader && identify(leader.pid));
    }
    const poll = () => {
      for (const supervised of this.processes.values()) supervised.poll();
    };
    this.timers = [setInterval(poll, pollMs), setInterval(() => this.tick(), tickMs)];
  }

  list(): ProcessStatus[] {
    return [...this.processes.values()].map((supervised) => supervised.status());
  }

  status(name: string): Promise<ProcessStatus> {
    return this.find(name).settledStatus();
  }

  /** Nothing new is begun while it cannot be recorded (`disk-full`); what runs already is kept running all the same. */
  async put(name: string, spec: ProcessSpec): Promise<ProcessStatus> {
    this.save();
    if (this.unsaved)
      throw new JsonHttpError(507, "disk-full", `the supervisor's record cannot be written: ${this.unsaved}`);
    const known = this.processes.get(name);
    const supervised = known ?? new Supervised(name, newEntry(spec), this.around);
    this.processes.set(name, supervised);
    try {
      await supervised.put(spec);
    } catch (error) {
      if (!known) this.forget(name);
      throw error;
    }
    return supervised.status();
  }

  /** Also succeeds when there is no such process. */
  async remove(name: string): Promise<void> {
    const supervised = this.processes.get(name);
    if (!supervised) return;
    await supervised.stop(null);
    this.forget(name);
  }

  get idle(): boolean {
    return this.processes.size === 0;
  }

  /** Ends the supervisor's own work; with `keepProcesses` a later one adopts them. */
  async stop(keepProcesses: boolean): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    if (keepProcesses) for (const supervised of this.processes.values()) supervised.release();
    else {
      await Promise.all([...this.processes.keys()].map((name) => this.remove(name)));
      this.around.limiter.close();
    }
  }

  private find(name: string): Supervised {
    const found = this.processes.get(name);
    if (!found) throw new JsonHttpError(404, "usage", `the supervisor has no process ${name}`);
    return found;
  }

  private forget(name: string): void {
    this.processes.delete(name);
    this.save();
  }

  private save(): void {
    if (this.options.holds?.() === false) return;
    const entries = [...this.processes].map(([name, { entry }]) => [name, entry] as const);
    try {
      saveRecord(this.around.runtimeDir, Object.fromEntries(entries));
      this.unsaved = "";
    } catch (error) {
      if (this.unsaved !== messageOf(error)) this.around.log(`the record cannot be written: ${messageOf(error)}`);
      this.unsaved = messageOf(error);
    }
  }

  private tick(): void {
    if (this.ticking) return;
    this.ticking = true;
    if (this.unsaved) this.save();
    const logs = ["supervisor", ...this.processes.keys()].map((name) => logFile(this.around.runtimeDir, name));
    Promise.allSettled([this.watchMemory(), this.stopExpired(), ...logs.map((file) => rotateLog(file))])
      .then((results) => {
        const trouble = results.flatMap((result) => (result.status === "rejected" ? [messageOf(result.reason)] : []));
        if (trouble.length > 0 && trouble.join("; ") !== this.tickTrouble) this.around.log(trouble.join("; "));
        this.tickTrouble = trouble.join("; ");
      })
      .finally(() => {
        this.ticking = false;
      });
  }

  private async watchMemory(): Promise<void> {
    const watched = [...this.processes.values()].flatMap((supervised) => {
      const limitMb = supervised.limitsBy.memory === "watched" ? supervised.spec.limits.memoryMb : undefined;
      const pid = limitMb === undefined ? undefined : supervised.leader?.pid;
      return pid === undefined || limitMb === undefined ? [] : [{ supervised, limitMb, pid }];
    });
    if (watched.length === 0) return;
    const used = groupMemoryMb(watched.map(({ pid }) => pid));
    for (const { supervised, limitMb, pid } of watched) {
      const usedMb = Math.round(used.get(pid) ?? 0);
      if (usedMb > limitMb) await supervised.restart(`over its memory limit of ${limitMb} MB: it used ${usedMb} MB`);
    }
  }

  private async stopExpired(): Promise<void> {
    const now = this.around.now();
    const expired = [...this.processes.values()].filter(
      ({ spec: { stopAfter }, entry }) =>
        stopAfter !== undefined && entry.desired === "running" && Date.parse(stopAfter) <= now.getTime(),
    );
    if (expired.length === 0) return;
    // Without its answer nothing is stopped: it is asked again at the next tick.
    const state = await callJson<LoadBalancerState>(loadBalancerSocket(this.around.runtimeDir), "GET", "/");
    for (const supervised of expired) {
      const { stop, reason } = decideStop(supervised.spec, state, now);
      if (stop) await supervised.stop(reason);
    }
  }
}
