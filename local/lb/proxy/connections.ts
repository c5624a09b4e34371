/**
 * The kept connections to one target. One request at a time on each; the most recently used one is taken first, so that
 * connections used at all are used often, and those that are not are given up before the target gives them up.
 */
import type { Client } from "undici";

/** Two parts of undici by their files: all of it (fetch, WebSocket, caches) would take 15 MB more. The version is pinned. */
const UndiciClient = require("undici/lib/dispatcher/client") as typeof import("undici").Client;
const buildConnector = require("undici/lib/core/connect") as typeof import("undici").buildConnector;

/**
 * A connection idle for longer than this is not used again. It is far below any server's own idle timeout (Node's is 5 s),
 * so a request is never written into a connection that the server is just closing.
 */
const keepIdleMs = 1000;
const sweepEveryMs = 10_000;
const connectTimeoutMs = 5000;
export const maxHeaderBytes = 32 * 1024;

const connect = buildConnector({ timeout: connectTimeoutMs });

interface Kept {
  client: Client;
  idleSinceMs: number;
}

export class Connections {
  private readonly origin: string;
  private idle: Kept[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private closed = false;

  constructor(host: string, port: number) {
    this.origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.sweeper = setInterval(() => this.sweep(), sweepEveryMs).unref();
  }

  /** A connection that was used within the last second, or a new one. */
  take(): Client {
    const last = this.idle.pop();
    return last === undefined ? this.fresh() : last.client;
  }

  /** A connection that has carried nothing yet. */
  fresh(): Client {
    return new UndiciClient(this.origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: keepIdleMs,
      keepAliveMaxTimeout: keepIdleMs,
      maxHeaderSize: maxHeaderBytes,
    });
  }

  giveBack(client: Client): void {
    if (this.closed) void client.close();
    else this.idle.push({ client, idleSinceMs: performance.now() });
  }

  /** Idle connections go now; those in use go when they are given back. */
  close(): void {
    this.closed = true;
    clearInterval(this.sweeper);
    for (const { client } of this.idle) void client.close();
    this.idle = [];
  }

  /** `idle` is in order of last use, so what is too old stands at its front. */
  private sweep(): void {
    const limit = performance.now() - sweepEveryMs;
    const firstYoung = this.idle.findIndex((kept) => kept.idleSinceMs > limit);
    const old = this.idle.splice(0, firstYoung === -1 ? this.idle.length : firstYoung);
    for (const { client } of old) void client.close();
  }
}
