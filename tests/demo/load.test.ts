import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { type Load, startLoad } from "../../demo/load";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const good: Handler = (_request, response) => {
  response.writeHead(200, { "x-app-version": "v1", "x-switchyard-slot": "slot-1" }).end("{}");
};

describe("the load generator", () => {
  let server: Server;
  let handler: Handler;
  let clients: Set<WebSocket>;
  let load: Load | undefined;

  beforeEach(async () => {
    handler = good;
    server = createServer((request, response) => handler(request, response));
    const sockets = new WebSocketServer({ server });
    clients = sockets.clients;
    sockets.on("connection", (socket) => {
      socket.send(JSON.stringify({ type: "welcome", version: "v1", slot: "slot-1" }));
      socket.on("message", (data) => socket.send(JSON.stringify({ type: "echo", text: String(data) })));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    await load?.stop().catch(() => undefined);
    load = undefined;
    for (const client of clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const begin = async (requestsPerSecond: number, webSockets: number) => {
    const entryUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    load = await startLoad({ entryUrl, slotHeader: "x-switchyard-slot", requestsPerSecond, webSockets, seed: 1 });
    return load;
  };
  const end = async (running: Load) => {
    const recording = await running.stop();
    load = undefined;
    return recording;
  };
  /** Asks until the recording shows it. */
  async function until(running: Load, seen: (recording: Awaited<ReturnType<Load["since"]>>) => boolean) {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      if (seen(await running.since(0))) return;
    }
    throw new Error("it was never seen");
  }

  test("keeps its rate and says which slot and version gave each answer", async () => {
    const running = await begin(500, 20);
    await until(running, ({ answers }) => answers.length > 1_000);
    const { answers, sockets } = await end(running);
    // A busy machine may send late, but never fewer: one request was due every 2 ms, and latency counts from there.
    const due = answers.map(({ endedAt, latencyMs }) => endedAt - latencyMs).sort((one, other) => one - other);
    const gaps = due.slice(1).map((at, i) => Math.round(at - (due[i] ?? 0)));
    expect(new Set(gaps)).toEqual(new Set([2]));
    expect(new Set(answers.map((a) => `${a.slot} ${a.version} ${a.status} ${a.failure}`))).toEqual(
      new Set(["slot-1 v1 200 null"]),
    );
    expect(new Set(answers.map((a) => a.team))).toEqual(new Set(["realtime-collaboration", "ai-workflow"]));
    expect(sockets.filter((event) => event.event === "opened")).toHaveLength(20);
  });

  test("a server that stalls cannot hide how long its users waited", async () => {
    const running = await begin(200, 0);
    await until(running, ({ answers }) => answers.length > 20);
    const stalledAt = Date.now();
    const held: ServerResponse[] = [];
    handler = (request, response) => (Date.now() - stalledAt < 500 ? held.push(response) : good(request, response));
    await until(running, ({ endedAt }) => endedAt > stalledAt + 500);
    for (const response of held) response.writeHead(200).end();
    await until(running, ({ answers }) => answers.some((answer) => answer.sentAt > stalledAt + 600));
    const { answers } = await end(running);
    const slow = answers.filter((answer) => answer.latencyMs > 250);
    // Everyone who came in the first half of the stall: 250 ms at 200 requests a second.
    expect(slow.length).toBeGreaterThan(40);
    expect(answers.every((answer) => answer.failure === null)).toBe(true);
  });

  test("tells the load balancer's own 503 from the service's, and a reset from both", async () => {
    const running = await begin(100, 0);
    let turn = 0;
    handler = (request, response) => {
      turn += 1;
      if (turn % 3 === 0) request.socket.destroy();
      else if (turn % 3 === 1) response.writeHead(503).end("no healthy target");
      else response.writeHead(503, { "x-app-version": "v2", "x-switchyard-slot": "slot-2" }).end("busy");
    };
    await until(running, ({ answers }) => answers.length > 60);
    const { answers } = await end(running);
    const kinds = new Set(answers.filter((a) => a.status !== 200).map((a) => `${a.status} ${a.version} ${a.failure}`));
    expect(kinds).toEqual(new Set(["0 null reset", "503 null load-balancer", "503 v2 null"]));
  });

  test("a WebSocket that is ended comes back, and how it ended is on record", async () => {
    const running = await begin(1, 4);
    const [first, second] = [...clients];
    first?.close(1001);
    second?.terminate();
    await until(running, ({ sockets }) => sockets.filter((event) => event.event === "opened").length === 6);
    const { sockets } = await end(running);
    const closes = sockets.filter((event) => event.event === "closed");
    expect(
      closes
        .filter((event) => !event.own)
        .map((event) => event.code)
        .sort(),
    ).toEqual([1001, 1006]);
    expect(closes.filter((event) => event.own)).toHaveLength(4);
  });

  test("says so when nobody answers, instead of waiting for ever", async () => {
    const port = (server.address() as AddressInfo).port;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const nobody = {
      entryUrl: `http://127.0.0.1:${port}`,
      slotHeader: "x",
      requestsPerSecond: 100,
      webSockets: 0,
      seed: 1,
    };
    load = await startLoad(nobody);
    await until(load, ({ answers }) => answers.length > 10);
    const { answers } = await end(load);
    expect(new Set(answers.map((answer) => answer.failure))).toEqual(new Set(["refused"]));
    server.listen(0);
  });
});
