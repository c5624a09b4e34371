/** Active health checks of one target group: each on a connection of its own, the first at once, the others with jitter. */
import { request } from "node:http";
import { messageOf } from "../../../config/errors";
import type { TargetGroupSpec } from "../../api";

/** So that many slots' checks do not march in step. */
const jitter = 0.2;

export interface CheckResult {
  good: boolean;
  /** For example "GET /api/ai/health answered 503". */
  words: string;
}

export class HealthCheck {
  /** null: not decided yet. */
  healthy: boolean | null = null;
  private since = new Date();
  private last: CheckResult | null = null;
  private inARow = 0;
  private timer: NodeJS.Timeout | null = null;
  /** Grows when the spec changes or checks stop, so that a check still under way knows that its result is nobody's. */
  private generation = 0;

  constructor(private spec: TargetGroupSpec) {
    this.run();
  }

  update(spec: TargetGroupSpec): void {
    this.spec = spec;
    this.stop();
    this.inARow = 0;
    this.run();
  }

  stop(): void {
    this.generation += 1;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** In words, with the time of the last change. */
  get reason(): string {
    if (this.last === null) return "not checked yet";
    const { healthyAfter, unhealthyAfter } = this.spec.health;
    const needed = this.last.good ? healthyAfter : unhealthyAfter;
    const progress = `${this.inARow} of ${needed} in a row`;
    if (this.healthy === null) return `not decided yet: ${this.last.words} (${progress})`;
    const head = `${this.healthy ? "healthy" : "unhealthy"} since ${this.since.toISOString()}`;
    return this.last.good === this.healthy
      ? `${head}: ${this.last.words}`
      : `${head}; now: ${this.last.words} (${progress})`;
  }

  private run(): void {
    const { generation } = this;
    checkOnce(this.spec, (result) => {
      if (generation !== this.generation) return;
      this.take(result);
      const waitMs = this.spec.health.intervalMs * (1 - jitter + 2 * jitter * Math.random());
      this.timer = setTimeout(() => this.run(), waitMs).unref();
    });
  }

  private take(result: CheckResult): void {
    this.inARow = this.last?.good === result.good ? this.inARow + 1 : 1;
    this.last = result;
    const needed = result.good ? this.spec.health.healthyAfter : this.spec.health.unhealthyAfter;
    if (this.healthy === result.good || this.inARow < needed) return;
    this.healthy = result.good;
    this.since = new Date();
  }
}

/** Calls back exactly once, at the latest after the check's timeout. */
function checkOnce(spec: TargetGroupSpec, done: (result: CheckResult) => void): void {
  const { path, timeoutMs } = spec.health;
  let open = true;
  const end = (good: boolean, words: string) => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    done({ good, words });
    outgoing.destroy();
  };
  const outgoing = request({
    host: spec.host,
    port: spec.port,
    path,
    agent: false,
    headers: { "user-agent": "switchyard-health-check", connection: "close" },
  });
  const timer = setTimeout(
    () => end(false, `GET ${path} gave no whole answer within ${timeoutMs} ms`),
    timeoutMs,
  ).unref();
  outgoing.on("response", (answer) => {
    const status = answer.statusCode ?? 0;
    answer.resume();
    answer.on("end", () => end(status >= 200 && status < 300, `GET ${path} answered ${status}`));
    answer.on("error", (error) => end(false, `GET ${path} broke off its answer: ${messageOf(error)}`));
  });
  outgoing.on("error", (error: NodeJS.ErrnoException) => {
    const why = error.code === "ECONNREFUSED" ? `nobody listens on ${spec.host}:${spec.port}` : messageOf(error);
    end(false, `GET ${path} failed: ${why}`);
  });
  outgoing.end();
}
