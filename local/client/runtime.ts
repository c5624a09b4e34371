/** Typed calls to the two daemons of a runtime directory. Every call has a deadline and fails with a `SwitchyardError`. */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import type {
  AlarmRule,
  LoadBalancerState,
  ProcessSpec,
  ProcessStatus,
  RouteSpec,
  SupervisorState,
  TargetGroupSpec,
  TargetGroupStatus,
  TeamStats,
} from "../api";
import { callJson, JsonHttpError, NoAnswerError } from "../http-json";
import { loadBalancerProcess, loadBalancerSocket, supervisorRecord, supervisorSocket } from "../paths";
import { identify, isRunning } from "../process-table";
import { askSupervisor, ensureSupervisor, stopRecorded, withoutSupervisor } from "../supervisor";
import { type Daemon, daemonDown, toSwitchyardError } from "./failures";
import { editLoadBalancerRecord, type LoadBalancerRecord } from "./load-balancer-record";

const defaultDeadlineMs = 2000;
/** A new path or address has HAProxy start a new worker. A load balancer that is down refuses at once all the same. */
const changeMs = 10_000;
/** Beyond a process's own grace time, until its end is certain. */
const stopMarginMs = 8000;
/** How long a delete waits for a load balancer that is being started again. */
const revivedWithinMs = 5000;

export class LocalRuntime {
  private readonly deadlineMs: number;

  /** `environment` is for advice in errors (`switchyard up dev`). */
  constructor(
    readonly runtimeDir: string,
    private readonly options: { environment?: string; deadlineMs?: number } = {},
  ) {
    this.deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  }

  // ---- supervisor ---------------------------------------------------------------------------------------------------

  /** Starts the supervisor when there is none. */
  ensureSupervisor(): Promise<SupervisorState> {
    return ensureSupervisor(this.runtimeDir);
  }

  /** Starts the supervisor again where there was one; does nothing where there is nothing to supervise. */
  async reviveSupervisor(): Promise<void> {
    if (existsSync(supervisorRecord(this.runtimeDir))) await this.ensureSupervisor();
  }

  /** Undefined: there is none. */
  supervisor(): Promise<SupervisorState | undefined> {
    return askSupervisor(this.runtimeDir);
  }

  /** Undefined: there is no such process, or no supervisor. */
  async process(name: string): Promise<ProcessStatus | undefined> {
    if (!existsSync(supervisorSocket(this.runtimeDir))) return undefined;
    return orUndefined(this.callSupervisor<ProcessStatus>("GET", `/processes/${encodeURIComponent(name)}`));
  }

  /** Starts the supervisor too, when there is none. */
  async putProcess(name: string, spec: ProcessSpec): Promise<ProcessStatus> {
    const put = () =>
      this.callSupervisor<ProcessStatus>("PUT", `/processes/${name}`, spec, spec.graceMs + stopMarginMs);
    await this.ensureSupervisor();
    try {
      return await put();
    } catch (error) {
      // An idle supervisor may have been told to end between the two calls.
      if (await this.supervisor()) throw error;
      await this.ensureSupervisor();
      return put();
    }
  }

  /**
   * Ends a process and forgets it, through the supervisor or, when that is dead, by its record. Succeeds when there is no
   * such process. The last process takes the supervisor with it.
   */
  async removeProcess(name: string, graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs + stopMarginMs;
    for (;;) {
      if (await this.supervisor()) {
        await this.callSupervisor("DELETE", `/processes/${name}`, undefined, graceMs + stopMarginMs);
        return this.endIdleSupervisor();
      }
      if ((await stopRecorded(this.runtimeDir, name)) === "done") return;
      if (performance.now() > deadline) throw daemonDown("supervisor", this.options.environment);
      await delay(50);
    }
  }

  /** Ends the supervisor and, unless they are kept, everything it runs. Resolves when it is gone. */
  async shutdown({ keepProcesses }: { keepProcesses: boolean }): Promise<void> {
    const state = await this.supervisor();
    if (!state) return;
    const identity = identify(state.pid);
    const longestGraceMs = Math.max(0, ...state.processes.map(({ spec }) => spec.graceMs));
    try {
      await this.callSupervisor("POST", "/shutdown", { keepProcesses }, longestGraceMs + stopMarginMs);
    } catch (error) {
      // An idle supervisor may have been told to end between the two calls.
      if (await this.supervisor()) throw error;
    }
    while (identity && isRunning(identity)) await delay(5);
  }

  private async endIdleSupervisor(): Promise<void> {
    try {
      await callJson(supervisorSocket(this.runtimeDir), "POST", "/shutdown", { onlyIdle: true }, this.deadlineMs);
    } catch (error) {
      const busy = error instanceof JsonHttpError && error.code === "busy";
      // No answer: another caller has just ended it.
      if (!busy && !(error instanceof NoAnswerError)) throw error;
    }
  }

  // ---- load balancer ------------------------------------------------------------------------------------------------

  loadBalancer(): Promise<LoadBalancerState> {
    return this.callLoadBalancer("GET", "/");
  }

  /** As `loadBalancer`, but brings the daemons back first where they were and are gone, as after a reboot. */
  async revivedLoadBalancer(): Promise<LoadBalancerState> {
    await this.reviveSupervisor();
    const deadline = performance.now() + revivedWithinMs;
    for (;;) {
      try {
        return await this.loadBalancer();
      } catch (error) {
        const down = error instanceof SwitchyardError && error.code === "environment-down";
        const coming = (await this.supervisor())?.processes.some(({ name }) => name === loadBalancerProcess);
        if (!down || !coming || performance.now() > deadline) throw error;
      }
      await delay(20);
    }
  }

  putTargetGroup(name: string, spec: TargetGroupSpec): Promise<TargetGroupStatus> {
    return this.callLoadBalancer("PUT", `/target-groups/${encodeURIComponent(name)}`, spec);
  }

  removeTargetGroup(name: string): Promise<void> {
    const path = `/target-groups/${encodeURIComponent(name)}`;
    return this.remove(
      () => this.callLoadBalancer("DELETE", path),
      ({ targetGroups, drains }) => {
        delete targetGroups[name];
        delete drains[name];
      },
    );
  }

  /** Refused with `stale-epoch` and `facts.held` when the load balancer holds a newer route. */
  putRoute(spec: RouteSpec): Promise<RouteSpec> {
    return this.callLoadBalancer("PUT", `/routes/${encodeURIComponent(spec.team)}`, spec);
  }

  removeRoute(team: string): Promise<void> {
    return this.remove(
      () => this.callLoadBalancer("DELETE", `/routes/${encodeURIComponent(team)}`),
      ({ routes, tombstones }) => {
        const held = routes[team];
        if (held) tombstones[team] = { epoch: held.epoch, revision: held.revision };
        delete routes[team];
      },
    );
  }

  putAlarms(team: string, rules: AlarmRule[]): Promise<unknown> {
    return this.callLoadBalancer("PUT", `/alarms/${encodeURIComponent(team)}`, rules);
  }

  removeAlarms(team: string): Promise<void> {
    return this.remove(
      () => this.putAlarms(team, []),
      ({ alarms }) => {
        delete alarms[team];
      },
    );
  }

  /** Undefined: the load balancer knows nothing of this team. */
  stats(team: string): Promise<TeamStats | undefined> {
    return orUndefined(this.callLoadBalancer<TeamStats>("GET", `/stats/${encodeURIComponent(team)}`));
  }

  /** Through the load balancer; in its record when it is dead for good. One that the supervisor is starting again is waited for. */
  private async remove(call: () => Promise<unknown>, edit: (record: LoadBalancerRecord) => void): Promise<void> {
    const deadline = performance.now() + revivedWithinMs;
    for (;;) {
      try {
        return void (await orUndefined(call()));
      } catch (error) {
        const down = error instanceof SwitchyardError && error.code === "environment-down";
        if (!down || performance.now() > deadline) throw error;
      }
      const forget = () => editLoadBalancerRecord(this.runtimeDir, edit);
      const supervisor = await this.supervisor();
      if (supervisor?.processes.some(({ name }) => name === loadBalancerProcess)) {
        await delay(50);
        continue;
      }
      if (supervisor) return forget();
      if ((await withoutSupervisor(this.runtimeDir, forget)) === "done") return;
      await delay(50);
    }
  }

  private callSupervisor<T>(method: string, path: string, body?: unknown, deadlineMs = this.deadlineMs): Promise<T> {
    return this.call<T>("supervisor", supervisorSocket(this.runtimeDir), method, path, body, deadlineMs);
  }

  private callLoadBalancer<T>(method: string, path: string, body?: unknown): Promise<T> {
    const deadlineMs = method === "GET" ? this.deadlineMs : Math.max(this.deadlineMs, changeMs);
    return this.call<T>("load balancer", loadBalancerSocket(this.runtimeDir), method, path, body, deadlineMs);
  }

  private async call<T>(
    daemon: Daemon,
    socket: string,
    method: string,
    path: string,
    body: unknown,
    deadlineMs: number,
  ): Promise<T> {
    try {
      return await callJson<T>(socket, method, path, body, deadlineMs);
    } catch (error) {
      throw toSwitchyardError(error, daemon, this.options.environment);
    }
  }
}

/** A 404 is an answer, not a failure. */
async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof JsonHttpError && cause.status === 404) return undefined;
    throw error;
  }
}
