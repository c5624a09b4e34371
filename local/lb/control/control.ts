/** Everything the admin API can do. Decides (fencing, conflicts), puts changes into effect one after the other, keeps the record. */
import { isDeepStrictEqual } from "node:util";
import type { AlarmRule, LoadBalancerState, RouteSpec, TargetGroupSpec, TargetGroupStatus, TeamStats } from "../../api";
import { JsonHttpError } from "../../http-json";
import { admit } from "./fencing";
import type { DataPlane } from "./plane";
import { RecordFile } from "./record";
import type { LbRecord } from "./schemas";

/** The drain's end is spread over this share of it, at most `longestSpreadMs`, so that clients do not all come back at once. */
const spreadShare = 0.1;
const longestSpreadMs = 5000;

export class Control {
  private readonly file: RecordFile;
  private queue: Promise<unknown> = Promise.resolve();
  private readonly since = new Date().toISOString();
  listener = { host: "", port: 0 };

  constructor(
    private readonly plane: DataPlane,
    private readonly record: LbRecord,
    recordFile: string,
  ) {
    this.file = new RecordFile(recordFile, () => this.record);
  }

  /** Puts the record into effect: after a restart, before anything listens. */
  async restore(): Promise<void> {
    for (const [name, spec] of Object.entries(this.record.targetGroups)) await this.plane.putTargetGroup(name, spec);
    for (const route of Object.values(this.record.routes)) await this.plane.putRoute(route);
    for (const [name, until] of Object.entries(this.record.drains)) this.armDrain(name, Date.parse(until));
  }

  async putTargetGroup(name: string, spec: TargetGroupSpec): Promise<TargetGroupStatus> {
    await this.change(async () => {
      const held = this.record.targetGroups[name];
      if (isDeepStrictEqual(held, spec)) return false;
      const user = this.routeOf(name);
      if (held !== undefined && user !== undefined && (held.team !== spec.team || held.slot !== spec.slot))
        throw new JsonHttpError(
          409,
          "refused",
          `target group ${name} belongs to slot ${held.slot} of team ${held.team}, and the route of team ${user.team} uses it`,
        );
      await this.plane.putTargetGroup(name, spec);
      this.record.targetGroups[name] = spec;
      return true;
    });
    return this.targetGroup(name);
  }

  deleteTargetGroup(name: string): Promise<void> {
    return this.change(async () => {
      if (this.record.targetGroups[name] === undefined) return false;
      const weight = this.weightOf(name);
      if (weight > 0)
        throw new JsonHttpError(
          409,
          "refused",
          `target group ${name} has weight ${weight} in the route of team ${this.routeOf(name)?.team}`,
        );
      await this.plane.removeTargetGroup(name);
      delete this.record.targetGroups[name];
      delete this.record.drains[name];
      return true;
    });
  }

  async putRoute(route: RouteSpec): Promise<RouteSpec> {
    await this.change(async () => {
      const { team } = route;
      const admission = admit(route, this.record.routes[team], this.record.tombstones[team]);
      if (admission.verdict === "same") return false;
      if (admission.verdict === "stale")
        throw new JsonHttpError(409, "stale-epoch", `the route of team ${team} was not changed: ${admission.reason}`, {
          held: admission.held,
        });
      this.refuseUnknown(route);
      this.refuseTakenPaths(route);
      const before = this.weights();
      await this.plane.putRoute(route);
      this.record.routes[team] = route;
      const movesTraffic = Object.values(route.weights).some((weight) => weight > 0);
      if (movesTraffic) delete this.record.tombstones[team];
      this.drainAfter(before);
      return true;
    });
    return this.record.routes[route.team] ?? route;
  }

  deleteRoute(team: string): Promise<void> {
    return this.change(async () => {
      const held = this.record.routes[team];
      if (held === undefined) return false;
      const before = this.weights();
      await this.plane.removeRoute(team);
      delete this.record.routes[team];
      const tombstone = this.record.tombstones[team];
      if (tombstone === undefined || held.epoch > tombstone.epoch)
        this.record.tombstones[team] = { epoch: held.epoch, revision: held.revision };
      this.drainAfter(before);
      return true;
    });
  }

  putAlarms(team: string, alarms: AlarmRule[]): Promise<void> {
    return this.change(async () => {
      if (isDeepStrictEqual(this.record.alarms[team], alarms)) return false;
      if (alarms.length === 0) delete this.record.alarms[team];
      else this.record.alarms[team] = alarms;
      return true;
    });
  }

  state(): LoadBalancerState {
    const names = Object.keys(this.record.targetGroups);
    return {
      pid: process.pid,
      listener: this.listener,
      targetGroups: Object.fromEntries(names.map((name) => [name, this.targetGroup(name)])),
      routes: this.record.routes,
      tombstones: this.record.tombstones,
      record: this.file.state,
    };
  }

  targetGroup(name: string): TargetGroupStatus {
    const spec = this.record.targetGroups[name];
    if (spec === undefined) throw new JsonHttpError(404, "not-found", `there is no target group ${name}`);
    return { ...spec, name, ...this.plane.condition(name), drainUntil: this.record.drains[name] ?? null };
  }

  route(team: string): RouteSpec {
    const route = this.record.routes[team];
    if (route === undefined) throw new JsonHttpError(404, "not-found", `team ${team} has no route`);
    return route;
  }

  teams(): string[] {
    const { targetGroups, routes, alarms } = this.record;
    return [
      ...new Set([
        ...Object.values(targetGroups).map(({ team }) => team),
        ...Object.keys(routes),
        ...Object.keys(alarms),
      ]),
    ].sort();
  }

  stats(team: string): TeamStats {
    const slots: TeamStats["slots"] = {};
    for (const [name, spec] of Object.entries(this.record.targetGroups))
      if (spec.team === team)
        slots[spec.slot] = { ...this.plane.stats(team, spec.slot), healthy: this.plane.condition(name).healthy };
    return {
      team,
      at: new Date().toISOString(),
      since: this.since,
      route: this.record.routes[team] ?? null,
      slots,
      alarms: this.record.alarms[team] ?? [],
    };
  }

  /** After the data plane is closed. */
  async close(): Promise<void> {
    await this.queue;
    await this.file.close();
  }

  /** `act` runs alone and says whether it changed the record; writes to the disk are shared by changes that come together. */
  private async change(act: () => Promise<boolean>): Promise<void> {
    const turn = this.queue.then(act);
    // The next one's turn comes when this one has ended, well or not; how it ended is told to its own caller.
    this.queue = turn.then(
      () => undefined,
      () => undefined,
    );
    if (await turn) await this.file.save();
  }

  private routeOf(targetGroup: string): RouteSpec | undefined {
    return Object.values(this.record.routes).find((route) => Object.values(route.targetGroups).includes(targetGroup));
  }

  private weights(): Map<string, number> {
    return new Map(Object.keys(this.record.targetGroups).map((name) => [name, this.weightOf(name)]));
  }

  private weightOf(targetGroup: string): number {
    let sum = 0;
    for (const route of Object.values(this.record.routes))
      for (const [slot, name] of Object.entries(route.targetGroups))
        if (name === targetGroup) sum += route.weights[slot] ?? 0;
    return sum;
  }

  private drainAfter(before: Map<string, number>): void {
    for (const [name, was] of before) {
      const now = this.weightOf(name);
      if (now > 0 && this.record.drains[name] !== undefined) {
        this.plane.cancelDrain(name);
        delete this.record.drains[name];
      } else if (now === 0 && was > 0) {
        const { drainMs } = this.record.targetGroups[name] as TargetGroupSpec;
        const until = Date.now() + drainMs + spreadMs(drainMs);
        this.record.drains[name] = new Date(until).toISOString();
        this.armDrain(name, until);
      }
    }
  }

  private armDrain(name: string, untilMs: number): void {
    const spec = this.record.targetGroups[name];
    if (spec !== undefined) this.plane.drain(name, untilMs - spreadMs(spec.drainMs), untilMs);
  }

  private refuseUnknown(route: RouteSpec): void {
    for (const [slot, name] of Object.entries(route.targetGroups)) {
      const group = this.record.targetGroups[name];
      if (group === undefined)
        throw new JsonHttpError(422, "usage", `targetGroups.${slot}: there is no target group ${name}`);
      if (group.team !== route.team)
        throw new JsonHttpError(
          422,
          "usage",
          `targetGroups.${slot}: target group ${name} belongs to team ${group.team}`,
        );
    }
  }

  private refuseTakenPaths(route: RouteSpec): void {
    for (const other of Object.values(this.record.routes)) {
      if (other.team === route.team) continue;
      const taken = route.paths.find((path) => other.paths.some((theirs) => bare(theirs) === bare(path)));
      if (taken !== undefined)
        throw new JsonHttpError(409, "refused", `path ${taken} is routed to team ${other.team} already`);
    }
  }
}

const spreadMs = (drainMs: number): number => Math.min(longestSpreadMs, drainMs * spreadShare);
const bare = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);
