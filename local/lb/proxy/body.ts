/**
 * A request's body on its way to the slot. undici destroys the stream it is given when an attempt ends, and destroying a
 * request would take the client's socket with it, so undici is given this in its place.
 */
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";

/** Bodies up to this are read whole before they are sent: one write, and an attempt that never reached the slot can be repeated. */
export const smallBodyBytes = 64 * 1024;

/** The part of a Readable that undici uses of a body: events, pause, resume, destroy. */
export class BodyRelay extends EventEmitter {
  private listening = false;
  private ended = false;

  constructor(private readonly request: IncomingMessage) {
    super();
  }

  /** Its presence is how undici knows a stream. */
  pipe(): never {
    throw new Error("a request's body is not piped");
  }

  pause(): void {
    this.request.pause();
  }

  resume(): void {
    if (!this.listening && !this.ended) {
      this.listening = true;
      this.request.on("data", this.onData).on("end", this.onEnd).on("close", this.onClose);
    }
    this.request.resume();
  }

  /** What the slot did not want to hear is read and thrown away, so that the client's connection can go on. */
  destroy(): void {
    if (!this.listening) return;
    this.detach();
    this.request.resume();
  }

  private readonly onData = (chunk: Buffer) => this.emit("data", chunk);

  private readonly onEnd = () => {
    this.detach();
    this.emit("end");
  };

  private readonly onClose = () => {
    this.detach();
    this.emit("error", new Error("the client went away in the middle of its request"));
  };

  private detach(): void {
    this.ended = true;
    this.request.off("data", this.onData).off("end", this.onEnd).off("close", this.onClose);
  }
}

/** Calls back with the whole body; never, if the client goes away first. */
export function readSmallBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  request.on("data", (chunk: Buffer) => {
    if (first === null) first = chunk;
    else if (more === null) more = [first, chunk];
    else more.push(chunk);
  });
  request.on("end", () => done(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more)));
}
