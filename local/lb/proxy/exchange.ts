/**
 * One request on its way through: client -> slot -> client. It is undici's dispatch handler itself (the raw one: headers as
 * buffers, no object per header, no stream per answer), since this is the hot path.
 *
 * What it holds to:
 * - an answer that began and cannot be finished ends in a reset of the client's connection, never in a complete answer;
 * - a request is sent a second time only when it cannot have reached the service, or may be repeated (GET, HEAD, OPTIONS
 *   without a body) and nothing of an answer has come; always to the same slot;
 * - a client that goes away takes its request to the slot with it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Client, Dispatcher } from "undici";
import { answerOwn, badRequest } from "./answers";
import { BodyRelay, readSmallBody, smallBodyBytes } from "./body";
import { type Failure, failureOf } from "./failure";
import { answerHeaders, requestHeaders } from "./headers";
import type { Target } from "./target";

type State = "waiting" | "answering" | "over";

/** How long a slot that refused a connection is given (a process that restarts) before the one second attempt. */
const secondAttemptAfterMs = 50;

/** Answers up to this are copied behind their head, which is cheaper than a second write. */
const joinedBytes = 16 * 1024;

export type OnUpgrade = (headers: Buffer[], upstream: Duplex) => void;

export class Exchange implements Dispatcher.DispatchHandler {
  private state: State = "waiting";
  private attempt = 1;
  /** Of this attempt: a connection was there, and the request's first byte may have been written. */
  private sent = false;
  private client: Client | null = null;
  private cancel: (() => void) | null = null;
  private body: Buffer | "stream" | null = null;
  private bodyTouched = false;
  private remaining = -1;
  private readonly headers: string[];
  private readonly startedAt = performance.now();

  constructor(
    private readonly target: Target,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly path: string,
    /** Set for a WebSocket handshake: called in the place of an answer when the slot agrees. */
    private readonly onUpgraded: OnUpgrade | null = null,
  ) {
    this.headers = requestHeaders(request);
    target.counters.begin(Date.now());
    target.inFlight += 1;
  }

  start(): void {
    this.response.on("close", this.onClientGone);
    const length = this.request.headers["content-length"];
    if (this.request.headers["transfer-encoding"] !== undefined) this.body = "stream";
    else if (length !== undefined && length !== "0") {
      if (Number(length) <= smallBodyBytes) {
        readSmallBody(this.request, (body) => {
          if (this.state === "over") return;
          this.body = body;
          this.dispatch(this.target.connections.take());
        });
        return;
      }
      this.body = "stream";
    }
    this.dispatch(this.target.connections.take());
  }

  private dispatch(client: Client): void {
    this.client = client;
    this.sent = false;
    this.cancel = null;
    const upgrade = this.onUpgraded === null ? undefined : "websocket";
    client.dispatch(
      {
        path: this.path,
        method: this.request.method as Dispatcher.HttpMethod,
        headers: this.headers,
        // undici asks a body for no more than what BodyRelay has.
        body:
          this.body === "stream"
            ? (new BodyRelay(this.request) as unknown as Dispatcher.DispatchOptions["body"])
            : this.body,
        headersTimeout: this.target.spec.requestTimeoutMs,
        bodyTimeout: this.target.spec.requestTimeoutMs,
        upgrade,
        // Without it undici closes the connection after each HEAD.
        reset: upgrade === undefined ? false : undefined,
      },
      this,
    );
  }

  // ---- undici's side ----

  onConnect(abort: () => void): void {
    if (this.state === "over") {
      abort();
      return;
    }
    this.cancel = abort;
    this.sent = true;
    if (this.body === "stream") this.bodyTouched = true;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    // 100 to 199 are between the slot and the load balancer.
    if (status < 200 || this.state === "over") return true;
    const { list, contentLength } = answerHeaders(raw, this.target.spec.slot);
    this.target.counters.answered(status, performance.now() - this.startedAt);
    this.response.writeHead(status, list);
    this.state = "answering";
    this.remaining = contentLength;
    this.resume = resume;
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (chunk.length === this.remaining) {
      this.remaining = 0;
      // As a string, Node sends a small answer's head and body in one write; latin1 is a byte for a character, both ways.
      if (chunk.length <= joinedBytes) this.response.end(chunk.toString("latin1"), "latin1");
      else this.response.end(chunk);
      return true;
    }
    this.remaining -= chunk.length;
    if (this.response.write(chunk)) return true;
    this.response.once("drain", this.resume);
    return false;
  }

  onComplete(trailers: string[] | Buffer[] | null): void {
    if (this.client !== null) this.target.connections.giveBack(this.client);
    this.client = null;
    if (this.state === "over") return;
    if (trailers !== null && trailers.length > 0 && this.response.chunkedEncoding) this.addTrailers(trailers);
    this.finish();
    this.response.end();
  }

  onUpgrade(_status: number, headers: Buffer[] | string[] | null, upstream: Duplex): void {
    // The connection is the tunnel's now; the client object has nothing left to close.
    this.client = null;
    if (this.state === "over") {
      upstream.destroy();
      return;
    }
    this.target.counters.answered(101, performance.now() - this.startedAt);
    this.finish();
    this.onUpgraded?.((headers ?? []) as Buffer[], upstream);
  }

  onError(error: Error): void {
    if (this.client !== null) void this.client.destroy();
    this.client = null;
    if (this.state === "over") return;
    if (this.state === "answering") {
      this.target.counters.failures += 1;
      this.finish();
      resetClient(this.request);
      return;
    }
    const failure = failureOf(error, this.sent, this.target.spec);
    if (this.mayRepeat(failure)) this.repeat(failure);
    else this.fail(failure);
  }

  // ---- ends ----

  private resume: () => void = () => undefined;

  private readonly onClientGone = () => {
    if (this.state === "over") return;
    this.finish();
    this.cancel?.();
  };

  private finish(): void {
    this.state = "over";
    this.target.inFlight -= 1;
    this.target.counters.inFlight -= 1;
    this.response.off("close", this.onClientGone);
  }

  private fail(failure: Failure): void {
    if (failure.kind === "bad-request") {
      this.finish();
      answerOwn(this.response, badRequest(failure.message));
      return;
    }
    this.target.counters.failures += 1;
    this.finish();
    const { team, slot } = this.target.spec;
    const timedOut = failure.kind === "timeout";
    answerOwn(this.response, {
      status: timedOut ? 504 : 502,
      code: timedOut ? "slot-timeout" : "slot-unavailable",
      message: failure.message,
      team,
      slot,
    });
    // A body that was not read to its end cannot be followed by another request.
    if (this.body === "stream") this.request.resume();
  }

  private mayRepeat(failure: Failure): boolean {
    if (this.attempt > 1 || failure.kind === "bad-request" || failure.kind === "timeout") return false;
    if (!this.sent) return !this.bodyTouched;
    const { method } = this.request;
    return (
      failure.kind === "reset" && this.body === null && (method === "GET" || method === "HEAD" || method === "OPTIONS")
    );
  }

  private repeat(failure: Failure): void {
    this.attempt += 1;
    const again = () => {
      if (this.state !== "over") this.dispatch(this.target.connections.fresh());
    };
    if (failure.kind === "refused") setTimeout(again, secondAttemptAfterMs);
    else again();
  }

  private addTrailers(raw: string[] | Buffer[]): void {
    const trailers: Record<string, string> = {};
    for (let i = 0; i < raw.length; i += 2) trailers[String(raw[i])] = String(raw[i + 1]);
    this.response.addTrailers(trailers);
  }
}

/** A reset, not a close: with HTTP/1.0 and answers of unknown length, a close would look like the answer's end. */
function resetClient(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}
