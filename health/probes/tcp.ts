import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import type { Probe, Result } from "../check";
import { result, timed } from "./results";

export interface TcpSpec {
  host: string;
  port: number;
  slowAfterMs?: number;
}

/** Somebody listens there: the connection is made and closed again. */
export const tcpProbe =
  ({ host, port, slowAfterMs }: TcpSpec): Probe =>
  (signal) =>
    new Promise<Result>((resolve) => {
      const began = performance.now();
      const socket = connect({ host, port, signal });
      const end = (found: Result) => {
        resolve(found);
        socket.destroy();
      };
      socket.on("connect", () => end(timed(performance.now() - began, slowAfterMs, `${host}:${port} connected`)));
      socket.on("error", (error: NodeJS.ErrnoException) => {
        const refused = error.code === "ECONNREFUSED";
        end(result("fail", refused ? `nobody listens on ${host}:${port}` : `${host}:${port}: ${error.message}`));
      });
    });
