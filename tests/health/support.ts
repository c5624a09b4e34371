/** Targets on loopback, and a probe as the watch makes it: with a deadline. */
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { type Check, defaultPolicy, type Probe } from "../../health/check";
import type { Observation } from "../../health/machine/status";
import { ask } from "../../health/watch/ask";
import type { Stalls } from "../../health/watch/stalls";

const opened: { close(): void; closeAllConnections?(): void }[] = [];
const sockets = new Set<Socket>();

/** For `afterEach`: ends every target of the test. */
export function closeTargets(): void {
  for (const server of opened.splice(0)) {
    server.close();
    server.closeAllConnections?.();
  }
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

export async function listen(server: Server): Promise<number> {
  opened.push(server);
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export const httpTarget = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listen(createHttpServer(answer))}`;

/** Bytes as they are, to whoever connects. */
export const rawTarget = (talk: (socket: Socket) => void): Promise<number> =>
  listen(
    createServer((socket) => {
      socket.on("error", () => undefined);
      talk(socket);
    }),
  );

export const checkOf = (probe: Probe, deadlineMs = 20_000, more: Partial<Check> = {}): Check => ({
  id: "target",
  policy: { ...defaultPolicy, deadlineMs },
  dependsOn: [],
  pages: true,
  kind: "component",
  target: "target",
  probe,
  ...more,
});

/** The machine that runs the tests may stand still; here a stall explains nothing away. */
const neverStalled: Stalls = { longestSince: () => 0, stop: () => undefined };

export const probed = (probe: Probe, deadlineMs?: number): Promise<Observation> =>
  ask(checkOf(probe, deadlineMs), neverStalled, new AbortController().signal);

/** Polls until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so after ${ms} ms`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
