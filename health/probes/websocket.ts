/** Opens a WebSocket, and measures a round trip: the protocol's own ping, or a message of the application and its answer. */
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";
import type { Probe, Result } from "../check";
import { excerpt, result, timed } from "./results";

export interface WebSocketSpec {
  url: string;
  protocols?: string[];
  headers?: Record<string, string>;
  /** Sent after the handshake, instead of a ping. */
  send?: string;
  /** Text that one of the answers contains; without, the first answer will do. */
  expect?: string;
  slowAfterMs?: number;
}

const largestMessage = 1 << 20;

export const webSocketProbe =
  (spec: WebSocketSpec): Probe =>
  (signal) =>
    new Promise<Result>((resolve) => {
      const began = performance.now();
      let sent = began;
      const socket = new WebSocket(spec.url, spec.protocols ?? [], {
        headers: { "user-agent": "switchyard-health", ...spec.headers },
        maxPayload: largestMessage,
        perMessageDeflate: false,
        followRedirects: false,
      });
      const end = (found: Result) => {
        signal.removeEventListener("abort", stop);
        resolve(found);
        // it is told that we leave, and cut off when it does not mind
        if (found.verdict !== "fail") socket.close(1000);
        setTimeout(() => socket.terminate(), 100).unref();
      };
      const stop = () => {
        const waited = socket.readyState === WebSocket.OPEN ? "no answer to the message" : "no handshake";
        end(result("fail", `${waited} until the deadline`));
      };
      const back = () => {
        const handshakeMs = Math.round(sent - began);
        end(timed(performance.now() - sent, spec.slowAfterMs, `handshake in ${handshakeMs} ms, round trip`));
      };
      signal.addEventListener("abort", stop, { once: true });
      socket.on("open", () => {
        sent = performance.now();
        if (spec.send === undefined) socket.ping();
        else socket.send(spec.send);
      });
      if (spec.send === undefined) socket.on("pong", back);
      else socket.on("message", (data) => (spec.expect === undefined || String(data).includes(spec.expect)) && back());
      socket.on("error", (error) => end(result("fail", excerpt(error.message))));
      socket.on("close", (code) => end(result("fail", `the target closed it with code ${code} before it answered`)));
    });
