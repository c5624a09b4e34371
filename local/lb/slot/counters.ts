/** What the load balancer counts per slot. The hot path only adds to numbers; everything else is made when it is read. */
import type { SlotStats } from "../../api";

/** Upper bounds in ms. The steps grow by about 1.4, so a percentile read from them is at most that much too high. */
const latencyBoundsMs = [
  1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 400, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000,
  10_000, 15_000, 20_000, 30_000,
];

export class SlotCounters {
  /** Counted when a request is sent to the slot, upgrades included. */
  requests = 0;
  failures = 0;
  inFlight = 0;
  webSockets = 0;
  webSocketsOpened = 0;
  lastRequestAtMs = 0;
  private readonly statuses = [0, 0, 0, 0, 0, 0];
  private readonly latencies = new Array<number>(latencyBoundsMs.length + 1).fill(0);

  begin(nowMs: number): void {
    this.requests += 1;
    this.inFlight += 1;
    this.lastRequestAtMs = nowMs;
  }

  /** The slot's answer began. The latency is from the request's head at the load balancer to the answer's head. */
  answered(status: number, latencyMs: number): void {
    this.addAnswers((status / 100) | 0, 1);
    this.observe(latencyMs);
  }

  /** `kind`: 1 for 1xx to 5 for 5xx. */
  addAnswers(kind: number, count: number): void {
    this.statuses[kind] = (this.statuses[kind] ?? 0) + count;
  }

  observe(latencyMs: number): void {
    let bucket = 0;
    while (bucket < latencyBoundsMs.length && latencyMs > (latencyBoundsMs[bucket] as number)) bucket += 1;
    this.latencies[bucket] = (this.latencies[bucket] as number) + 1;
  }

  read(): SlotStats {
    const count = (kind: number) => this.statuses[kind] ?? 0;
    return {
      requests: this.requests,
      // "1xx" are WebSockets that were opened (101).
      statuses: { "1xx": count(1), "2xx": count(2), "3xx": count(3), "4xx": count(4), "5xx": count(5) },
      failures: this.failures,
      latencyBoundsMs: [...latencyBoundsMs, null],
      latencyCounts: [...this.latencies],
      inFlight: this.inFlight,
      webSockets: this.webSockets,
      webSocketsOpened: this.webSocketsOpened,
      lastRequestAt: this.lastRequestAtMs === 0 ? null : new Date(this.lastRequestAtMs).toISOString(),
    };
  }
}
