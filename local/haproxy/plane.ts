/**
 * HAProxy as the data plane, as this process' child. Weights go through its runtime socket; what a config file must say
 * (paths, addresses) is rendered anew and HAProxy reloads. Health is checked by this project, so that a slot's health and a
 * slot's traffic stay two things, as with the embedded load balancer.
 *
 * What HAProxy does not have: WebSockets whose drain is over are closed without a close frame; `requestTimeoutMs` holds for
 * a team, not for a target group (the longest is taken); connections from before a reload end within 60 s.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { RouteSpec, SlotStats, TargetGroupSpec } from "../api";
import type { DataPlane, TargetCondition } from "../lb/control";
import { HealthCheck, SlotCounters } from "../lb/slot";
import { haproxySocket, prepareSocket } from "../paths";
import { backendsOf, render } from "./config";
import { Counting } from "./counting";
import { claimPort, complain, HaproxyProcess } from "./process";
import { command, serverStats, set } from "./runtime";

const pollMs = 100;

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
  private readonly process: HaproxyProcess;
  private readonly socket: string;
  private address = { host: "127.0.0.1", port: 0 };
  private poller: NodeJS.Timeout | null = null;
  private closing = false;

  constructor(program: string, runtimeDir: string) {
    this.configFile = join(runtimeDir, "haproxy.cfg");
    this.socket = haproxySocket(runtimeDir);
    const files = { program, config: this.configFile, pid: join(runtimeDir, "haproxy.pid"), socket: this.socket };
    this.process = new HaproxyProcess(files, (stream) => this.counting.readLog(stream));
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
    await this.process.endLeftover();
    prepareSocket(this.socket);
    // HAProxy says in many words what Node says in one code.
    this.address = { host, port: await claimPort(host, port) };
    this.writeConfig();
    await this.process.start();
    this.poll();
    return this.address;
  }

  async close(withinMs: number): Promise<void> {
    this.closing = true;
    if (this.poller !== null) clearTimeout(this.poller);
    for (const name of [...this.drains.keys()]) this.cancelDrain(name);
    for (const { health } of this.groups.values()) health.stop();
    await this.process.stop(withinMs);
  }

  private async setWeights(route: RouteSpec): Promise<void> {
    if (!this.process.running) return;
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

  /** Only where the file would say something else than HAProxy knows. */
  private async reload(): Promise<void> {
    if (!this.process.running) return;
    const before = readFileSync(this.configFile, "utf8");
    if (this.writeConfig() === before) return;
    await this.readCounters();
    await this.process.reload();
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
}

const onlyWeightsDiffer = (a: RouteSpec, b: RouteSpec): boolean =>
  isDeepStrictEqual([a.paths, a.targetGroups], [b.paths, b.targetGroups]);
