import { type Dispatcher, errors, Pool } from "undici";
import type { RequestSpec } from "./mix";
import { type Answer, type Failure, type LoadOptions, now } from "./types";

const timeoutMs = 10_000;
const tickMs = 2;
/** More open requests than this would only measure this machine's memory. */
const connections = 1_024;

/**
 * Sends requests at a fixed rate, whether or not earlier ones were answered (an open loop), and gives each answer to
 * `onAnswer`. Connections are kept alive; nothing is retried.
 */
export class OpenLoop {
  private readonly pool: Pool;
  private readonly startedAt = now();
  private sent = 0;
  private inFlight = 0;
  private timer: NodeJS.Timeout | undefined;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly options: LoadOptions,
    private readonly next: () => RequestSpec,
    private readonly onAnswer: (answer: Answer) => void,
  ) {
    this.pool = new Pool(options.entryUrl, {
      connections,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    this.timer = setInterval(() => this.sendDue(), tickMs);
  }

  private sendDue(): void {
    const perSecond = this.options.requestsPerSecond;
    const due = Math.floor(((now() - this.startedAt) * perSecond) / 1_000);
    while (this.sent < due) {
      this.send(this.next(), this.startedAt + (this.sent * 1_000) / perSecond);
      this.sent += 1;
    }
  }

  private send(spec: RequestSpec, dueAt: number): void {
    const sentAt = now();
    const { slotHeader } = this.options;
    let status = 0;
    let slot: string | null = null;
    let version: string | null = null;
    const end = (failure: Failure | null) => {
      const endedAt = now();
      this.onAnswer({ team: spec.team, slot, version, status, failure, sentAt, endedAt, latencyMs: endedAt - dueAt });
      if (status >= 200 && status <= 299) spec.onDone?.();
      this.inFlight -= 1;
      if (this.inFlight === 0) this.onIdle?.();
    };
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {},
      onResponseStart(_controller, statusCode, headers) {
        status = statusCode;
        slot = text(headers[slotHeader]);
        version = text(headers["x-app-version"]);
      },
      onResponseData() {},
      // An answer without the service's own header was given by the load balancer in its place.
      onResponseEnd: () => end(status >= 502 && status <= 504 && version === null ? "load-balancer" : null),
      onResponseError: (_controller, error) => end(failureOf(error)),
    };
    this.inFlight += 1;
    const headers = spec.body === undefined ? {} : { "content-type": "application/json" };
    this.pool.dispatch({ method: spec.method, path: spec.path, headers, body: spec.body ?? null }, handler);
  }

  /** Sends nothing more and waits for the answers that are still open. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    await this.pool.destroy();
  }
}

function failureOf(error: Error & { code?: string }): Failure {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) return "timed-out";
  if (error.code === "UND_ERR_CONNECT_TIMEOUT" || error.code === "ETIMEDOUT") return "timed-out";
  return error.code === "ECONNREFUSED" ? "refused" : "reset";
}

function text(header: string | string[] | undefined): string | null {
  return typeof header === "string" ? header : null;
}
