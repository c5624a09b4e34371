/** From a request's path to the route, and from the route's weights to the target. */
import type { RouteSpec } from "../../api";
import type { Target } from "./target";

interface Share {
  target: Target;
  weight: number;
  /** Smooth weighted round robin (as in nginx): grows by `weight` each turn, the highest is taken and gives back the sum. */
  current: number;
}

/** A route made ready for requests. It is never changed: another weight is another value, put in its place in one step. */
export class ReadyRoute {
  private readonly shares: Share[];
  private readonly total: number;

  constructor(
    readonly spec: RouteSpec,
    targets: ReadonlyMap<string, Target>,
  ) {
    this.shares = Object.entries(spec.targetGroups).flatMap(([slot, name]) => {
      const target = targets.get(name);
      const weight = spec.weights[slot] ?? 0;
      return target === undefined || weight === 0 ? [] : [{ target, weight, current: 0 }];
    });
    this.total = this.shares.reduce((sum, share) => sum + share.weight, 0);
  }

  /**
   * The target of the next request; deterministic: of each `total` requests in a row every slot gets exactly its weight.
   * null: no slot has weight. A slot's health is not asked: where traffic goes is decided by weights alone.
   */
  next(): Target | null {
    const { shares } = this;
    if (shares.length === 1) return (shares[0] as Share).target;
    let best: Share | null = null;
    for (const share of shares) {
      share.current += share.weight;
      if (best === null || share.current > best.current) best = share;
    }
    if (best === null) return null;
    best.current -= this.total;
    return best.target;
  }
}

/** Prefixes on whole segments, the longest wins: `/api/ai` takes `/api/ai` and `/api/ai/x`, never `/api/aix`. */
export class RouteTable {
  private readonly byPrefix = new Map<string, ReadyRoute>();
  private deepest = 0;

  constructor(routes: Iterable<ReadyRoute>) {
    for (const route of routes)
      for (const path of route.spec.paths) {
        const prefix = withoutLastSlash(path);
        this.byPrefix.set(prefix, route);
        this.deepest = Math.max(this.deepest, prefix.split("/").length - 1);
      }
  }

  /** `url` is a request target in origin form, its query included. */
  find(url: string): ReadyRoute | undefined {
    let end = this.pathEnd(url);
    while (end > 0) {
      const route = this.byPrefix.get(url.slice(0, end));
      if (route !== undefined) return route;
      end = url.lastIndexOf("/", end - 1);
    }
    return this.byPrefix.get("");
  }

  /** Where the path ends, or where it has as many segments as the deepest prefix: a long path costs no more than a short one. */
  private pathEnd(url: string): number {
    let segments = 0;
    for (let i = 0; i < url.length; i++) {
      const code = url.charCodeAt(i);
      if (code === 63 /* ? */ || code === 35 /* # */) return i;
      if (code === 47 /* / */) {
        if (segments === this.deepest) return i;
        segments += 1;
      }
    }
    return url.length;
  }
}

const withoutLastSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);
