/**
 * HAProxy as the data plane, as this process' child. Weights go through its runtime socket; what a config file must say
 * (paths, addresses) is rendered anew and HAProxy reloads. Health is checked by this project, so that a slot's health and a
 * slot's traffic stay two things, as with the embedded load balancer.
 *
 * What HAProxy does not have: WebSockets whose drain is over are closed without a close frame; `requestTimeoutMs` holds for
 * a team, not for a target group (the longest is taken); connections from before a reload end within 60 s.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, SwitchyardError } from "../../config/errors";
import type { RouteSpec, SlotStats, TargetGroupSpec } from "../api";
import type { DataPlane, TargetCondition } from "../lb/control";
import { HealthCheck, SlotCounters } from "../lb/slot";
import { haproxySocket, prepareSocket } from "../paths";
import { backendsOf, render } from "./config";
import { Counting } from "./counting";
import { command, serverStats, set } from "./runtime";

const pollMs = 100;
const startWithinMs = 10_000;
const restartAfterMs = 200;
const pause = (ms: number) => new Promise<void>((next) => setTimeout(next, ms));

interface Group {
  spec: TargetGroupSpec;
  health: HealthCheck;
}

export class HaproxyPlane implements DataPlane {
  private readonly groups = new Map<string, Group>();
  private readonly routes = new Map<string, RouteSpec>();
  private readonly counters = new Map<string, SlotCounters>();
  private readonly counting = new Counting((team, slot) => this.countersOf(team, slot));
  private readonly drains = new Map<string, NodeJS.Timeout>();
  private readonly configFile: string;
  private readonly pidFile: string;
  private readonly socket: string;
  private address = { host: "127.0.0.1", port: 0 };
  private child: ChildProcess | null = null;
  private poller: NodeJS.Timeout | null = null;
  private closing = false;

  constructor(
    private readonly program: string,
    runtimeDir: string,
  ) {
    this.configFile = join(runtimeDir, "haproxy.cfg");
    this.pidFile = join(runtimeDir, "haproxy.pid");
    this.socket = haproxySocket(runtimeDir);
  }

  async putTargetGroup(name: string, spec: TargetGroupSpec): Promise<void> {
    const held = this.groups.get(name);
    if (held === undefined) this.groups.set(name, { spec, health: new HealthCheck(spec) });
    else {
      held.spec = spec;
      held.health.update(spec);
    }
    await this.reload();
  }

  async removeTargetGroup(name: string): Promise<void> {
    this.cancelDrain(name);
    this.groups.get(name)?.health.stop();
    this.groups.delete(name);
    await this.reload();
  }

  async putRoute(route: RouteSpec): Promise<void> {
    const held = this.routes.get(route.team);
    this.routes.set(route.team, route);
    try {
      if (held !== undefined && onlyWeightsDiffer(held, route)) await this.setWeights(route);
      else await this.reload();
    } catch (error) {
      // The caller is told that it failed: a later reload must not bring it about after all.
      if (held === undefined) this.routes.delete(route.team);
      else this.routes.set(route.team, held);
      throw error;
    }
  }

  async removeRoute(team: string): Promise<void> {
    this.routes.delete(team);
    await this.reload();
  }

  drain(name: string, fromMs: number): void {
    this.cancelDrain(name);
    const spec = this.groups.get(name)?.spec;
    if (spec === undefined) return;
    const close = () => {
      command(this.socket, `shutdown sessions server ${backendsOf(spec.team).webSocket}/${spec.slot}`).catch(complain);
    };
    this.drains.set(name, setTimeout(close, Math.min(Math.max(0, fromMs - Date.now()), 2 ** 31 - 1)));
  }

  cancelDrain(name: string): void {
    clearTimeout(this.drains.get(name));
    this.drains.delete(name);
  }

  condition(name: string): TargetCondition {
    const group = this.groups.get(name);
    if (group === undefined) return { healthy: null, reason: "no such target group", inFlight: 0, webSockets: 0 };
    const { inFlight, webSockets } = this.countersOf(group.spec.team, group.spec.slot);
    return { healthy: group.health.healthy, reason: group.health.reason, inFlight, webSockets };
  }

  stats(team: string, slot: string): SlotStats {
    return this.countersOf(team, slot).read();
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await this.endLeftover();
    prepareSocket(this.socket);
    // HAProxy says in many words what Node says in one code.
    this.address = { host, port: await claimPort(host, port) };
    this.writeConfig();
    await this.start();
    this.poll();
    return this.address;
  }

  async close(withinMs: number): Promise<void> {
    this.closing = true;
    if (this.poller !== null) clearTimeout(this.poller);
    for (const name of [...this.drains.keys()]) this.cancelDrain(name);
    for (const { health } of this.groups.values()) health.stop();
    const { child } = this;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise<void>((done) => child.once("exit", () => done()));
    // SIGUSR1: stop accepting, finish what runs.
    child.kill("SIGUSR1");
    const bound = setTimeout(() => child.kill("SIGTERM"), withinMs);
    await gone;
    clearTimeout(bound);
    rmSync(this.pidFile, { force: true });
  }

  private async setWeights(route: RouteSpec): Promise<void> {
    if (this.child === null) return;
    this.writeConfig();
    const weights = Object.entries(route.targetGroups)
      .filter(([, name]) => this.groups.has(name))
      .map(([slot]) => ({ slot, weight: route.weights[slot] ?? 0 }))
      // HAProxy serves requests between two commands: what gets weight comes first, so that there is never a moment with none.
      .sort((a, b) => b.weight - a.weight);
    const { http, webSocket } = backendsOf(route.team);
    const commands = [http, webSocket].flatMap((backend) =>
      weights.map(({ slot, weight }) => `set server ${backend}/${slot} weight ${weight}`),
    );
    await set(this.socket, commands);
  }

  private countersOf(team: string, slot: string): SlotCounters {
    const key = `${team}/${slot}`;
    const held = this.counters.get(key) ?? new SlotCounters();
    this.counters.set(key, held);
    return held;
  }

  private writeConfig(): string {
    const targetGroups = new Map([...this.groups].map(([name, { spec }]) => [name, spec]));
    const text = render({ ...this.address, socket: this.socket, routes: [...this.routes.values()], targetGroups });
    writeFileSync(this.configFile, text, { mode: 0o600 });
    return text;
  }

  private async start(): Promise<void> {
    const child = spawn(this.program, ["-W", "-db", "-f", this.configFile], { stdio: ["ignore", "pipe", "inherit"] });
    this.child = child;
    await new Promise<void>((done, fail) => child.once("spawn", done).once("error", fail));
    writeFileSync(this.pidFile, `${child.pid}\n`);
    if (child.stdout !== null) this.counting.readLog(child.stdout);
    child.on("exit", (code, signal) => {
      if (this.closing || this.child !== child) return;
      complain(new Error(`HAProxy ended with ${signal ?? code}; starting it again`));
      setTimeout(() => void this.start().catch(complain), restartAfterMs);
    });
    await this.answering(null);
  }

  /** Only where the file would say something else than HAProxy knows. */
  private async reload(): Promise<void> {
    if (this.child === null) return;
    const before = readFileSync(this.configFile, "utf8");
    if (this.writeConfig() === before) return;
    await this.readCounters();
    const worker = await this.workerPid();
    this.child.kill("SIGUSR2");
    await this.answering(worker);
  }

  /** Resolves when a worker other than `old` answers on the socket. */
  private async answering(old: number | null): Promise<void> {
    const deadline = Date.now() + startWithinMs;
    for (;;) {
      const pid = await this.workerPid();
      if (pid !== null && pid !== old) return;
      if (this.child?.exitCode !== null)
        throw new SwitchyardError(
          "environment-down",
          `HAProxy ended at once; \`${this.program} -c -f ${this.configFile}\` says why`,
        );
      if (Date.now() > deadline)
        throw new SwitchyardError(
          "environment-down",
          `HAProxy did not take ${this.configFile} within ${startWithinMs} ms`,
        );
      await pause(10);
    }
  }

  /** null: nobody answers yet. */
  private async workerPid(): Promise<number | null> {
    try {
      return Number(/^Pid: (\d+)$/m.exec(await command(this.socket, "show info"))?.[1] ?? Number.NaN);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return null;
      throw error;
    }
  }

  private poll(): void {
    this.readCounters()
      .catch(complain)
      .finally(() => {
        if (!this.closing) this.poller = setTimeout(() => this.poll(), pollMs);
      });
  }

  private async readCounters(): Promise<void> {
    const stats = await serverStats(this.socket);
    this.counting.take(
      stats,
      [...this.groups.values()].map(({ spec }) => spec),
    );
  }

  /** This process' predecessor was killed and its HAProxy still holds the port. */
  private async endLeftover(): Promise<void> {
    if (!existsSync(this.pidFile)) return;
    const pid = Number(readFileSync(this.pidFile, "utf8"));
    const isOurs = () =>
      existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.configFile);
    if (!Number.isInteger(pid) || !isOurs()) return;
    process.kill(pid, "SIGTERM");
    const deadline = Date.now() + startWithinMs;
    while (isOurs() && Date.now() < deadline) await pause(20);
  }
}

const onlyWeightsDiffer = (a: RouteSpec, b: RouteSpec): boolean =>
  isDeepStrictEqual([a.paths, a.targetGroups], [b.paths, b.targetGroups]);

function complain(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`);
}

/** The port, or any free one for 0; rejects with Node's own error when it is taken. */
async function claimPort(host: string, port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => server.once("error", fail).listen({ host, port }, done));
  const claimed = (server.address() as AddressInfo).port;
  await new Promise((done) => server.close(done));
  return claimed;
}
