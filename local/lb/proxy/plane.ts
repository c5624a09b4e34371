/** The embedded data plane: targets, the route table that requests see, and drains. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { RouteSpec, SlotStats, TargetGroupSpec } from "../../api";
import type { DataPlane, TargetCondition } from "../control/plane";
import { SlotCounters } from "../slot";
import { createListener, listen } from "./listener";
import { ReadyRoute, RouteTable } from "./routes";
import { Target } from "./target";
import { closeGraceMs } from "./tunnel";

/** One timer at most: a delay over 2^31 ms would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export class ProxyPlane implements DataPlane {
  private readonly targets = new Map<string, Target>();
  private readonly routes = new Map<string, RouteSpec>();
  /** By team and slot: they outlive a target group that is removed and made again. */
  private readonly counters = new Map<string, SlotCounters>();
  private readonly drains = new Map<string, Set<NodeJS.Timeout>>();
  private table = new RouteTable([]);
  private readonly server: Server;
  /** Tunnels of target groups that are gone, so that the end of the process closes them too. */
  private readonly left = new Set<Target>();

  constructor() {
    this.server = createListener(() => this.table);
  }

  async putTargetGroup(name: string, spec: TargetGroupSpec): Promise<void> {
    const held = this.targets.get(name);
    if (held !== undefined && held.spec.team === spec.team && held.spec.slot === spec.slot) held.update(spec);
    else {
      if (held !== undefined) this.retire(held);
      this.targets.set(name, new Target(name, spec, this.countersOf(spec.team, spec.slot)));
    }
    this.rebuild();
  }

  async removeTargetGroup(name: string): Promise<void> {
    const target = this.targets.get(name);
    if (target === undefined) return;
    this.targets.delete(name);
    this.cancelDrain(name);
    this.retire(target);
    this.rebuild();
  }

  async putRoute(route: RouteSpec): Promise<void> {
    this.routes.set(route.team, route);
    this.rebuild();
  }

  async removeRoute(team: string): Promise<void> {
    this.routes.delete(team);
    this.rebuild();
  }

  drain(name: string, fromMs: number, untilMs: number): void {
    this.cancelDrain(name);
    const timers = new Set<NodeJS.Timeout>();
    this.drains.set(name, timers);
    const later = (atMs: number, act: () => void) => {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          if (Date.now() < atMs) later(atMs, act);
          else act();
        },
        Math.min(Math.max(0, atMs - Date.now()), longestTimerMs),
      );
      timers.add(timer);
    };
    later(fromMs, () => {
      for (const tunnel of this.targets.get(name)?.tunnels ?? [])
        later(Date.now() + Math.random() * Math.max(0, untilMs - Date.now()), () => tunnel.close());
    });
  }

  cancelDrain(name: string): void {
    for (const timer of this.drains.get(name) ?? []) clearTimeout(timer);
    this.drains.delete(name);
  }

  condition(name: string): TargetCondition {
    const target = this.targets.get(name);
    if (target === undefined) return { healthy: null, reason: "no such target group", inFlight: 0, webSockets: 0 };
    const { healthy, reason } = target.health;
    return { healthy, reason, inFlight: target.inFlight, webSockets: target.tunnels.size };
  }

  stats(team: string, slot: string): SlotStats {
    return this.countersOf(team, slot).read();
  }

  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    await listen(this.server, host, port);
    // A server that listens on TCP has an address of this form.
    return { host, port: (this.server.address() as AddressInfo).port };
  }

  async close(withinMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const name of [...this.drains.keys()]) this.cancelDrain(name);
    const all = [...this.targets.values(), ...this.left];
    for (const target of all) for (const tunnel of target.tunnels) tunnel.close();
    const quiet = () => all.every((target) => target.inFlight === 0 && target.tunnels.size === 0);
    const deadline = Date.now() + withinMs;
    while (!quiet() && Date.now() < deadline) {
      this.server.closeIdleConnections();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.server.closeIdleConnections();
    const bound = setTimeout(() => this.server.closeAllConnections(), quiet() ? 200 : 0);
    await closed;
    clearTimeout(bound);
    for (const target of all) target.close();
  }

  private countersOf(team: string, slot: string): SlotCounters {
    const key = `${team}/${slot}`;
    const held = this.counters.get(key);
    if (held !== undefined) return held;
    const made = new SlotCounters();
    this.counters.set(key, made);
    return made;
  }

  private retire(target: Target): void {
    target.close();
    for (const tunnel of target.tunnels) tunnel.close();
    this.left.add(target);
    setTimeout(() => this.left.delete(target), closeGraceMs * 2).unref();
  }

  /** The only place where traffic changes: requests see the old table or the new one. */
  private rebuild(): void {
    this.table = new RouteTable([...this.routes.values()].map((route) => new ReadyRoute(route, this.targets)));
  }
}
