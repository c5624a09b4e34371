/** An open WebSocket: bytes both ways, untouched, until one side ends it or the slot's drain is over. */
import type { Duplex } from "node:stream";
import { closeGoingAway, FrameBoundary } from "./frames";
import type { Target } from "./target";

/** How long a client may take to answer a close frame, and a half-sent frame to end. */
export const closeGraceMs = 3000;

export class Tunnel {
  private readonly boundary = new FrameBoundary();
  private closing: "no" | "at-boundary" | "said" = "no";
  private over = false;
  private closeTimer: NodeJS.Timeout | null = null;

  constructor(
    private readonly target: Target,
    private readonly client: Duplex,
    private readonly upstream: Duplex,
  ) {
    target.tunnels.add(this);
    target.counters.webSockets += 1;
    target.counters.webSocketsOpened += 1;
    upstream.on("data", this.fromSlot);
    client.on("data", (chunk: Buffer) => {
      if (!upstream.write(chunk)) client.pause();
    });
    client.on("drain", () => upstream.resume());
    upstream.on("drain", () => client.resume());
    client.on("end", () => this.halfClosed(upstream));
    upstream.on("end", () => this.halfClosed(client));
    // An error is followed by `close`, which ends both sides.
    client.on("error", () => undefined);
    upstream.on("error", () => undefined);
    client.on("close", this.end);
    upstream.on("close", this.end);
  }

  private readonly fromSlot = (chunk: Buffer) => {
    if (this.closing === "said") return;
    const boundary = this.boundary.push(chunk);
    if (this.closing === "at-boundary") {
      this.client.write(boundary === -1 ? chunk : chunk.subarray(0, boundary));
      if (boundary !== -1) this.sayClose();
      return;
    }
    if (!this.client.write(chunk)) this.upstream.pause();
  };

  /** Ends the WebSocket as a server does that goes away: a close frame (1001) between two frames; the client's answer goes on to the slot. */
  close(): void {
    if (this.closing !== "no" || this.over) return;
    this.closing = "at-boundary";
    this.closeTimer ??= setTimeout(this.end, closeGraceMs);
    if (this.boundary.here) this.sayClose();
  }

  private sayClose(): void {
    this.closing = "said";
    this.client.write(closeGoingAway);
    this.upstream.resume();
  }

  /** One side has said its last. The other may finish what it was saying; a WebSocket does not live on one leg. */
  private halfClosed(other: Duplex): void {
    other.end();
    this.closeTimer ??= setTimeout(this.end, closeGraceMs);
  }

  /** One side is gone, or must be. What was written to the other is still sent, if it reads. */
  private readonly end = () => {
    if (this.over) return;
    this.over = true;
    if (this.closeTimer !== null) clearTimeout(this.closeTimer);
    this.target.tunnels.delete(this);
    this.target.counters.webSockets -= 1;
    for (const side of [this.client, this.upstream]) {
      if (side.destroyed) continue;
      const bound = setTimeout(() => side.destroy(), closeGraceMs).unref();
      side.end(() => side.destroy());
      side.on("close", () => clearTimeout(bound));
    }
  };
}
