import { createHash } from "node:crypto";
import { WebSocket } from "ws";
import { LoadBalancer, openSocket, type Service, startRaw, startService, stopAll, until } from "./harness";

let lb: LoadBalancer;
let first: Service;

beforeAll(async () => {
  lb = await new LoadBalancer().start();
  first = await startService("slot-1");
});
afterAll(stopAll);

/** Puts the slots' target groups with this drain. */
async function drainAfter(drainMs: number): Promise<void> {
  await lb.weights({ "slot-1": 0, "slot-2": 0 }).catch(() => undefined);
  await lb.targetGroup("slot-1", first.port, { drainMs });
  await lb.targetGroup("slot-2", first.port, { drainMs });
}

interface Watched {
  socket: WebSocket;
  closed: Promise<{ code: number; atMs: number }>;
}

async function watch(): Promise<Watched> {
  const socket = await openSocket(lb.url("/api/ai/live"));
  const closed = new Promise<{ code: number; atMs: number }>((done) => {
    socket.on("close", (code) => done({ code, atMs: Date.now() }));
  });
  return { socket, closed };
}

test("WebSockets of a drained slot are closed with 1001 after the deadline, spread out, and never before", async () => {
  // The spread is a tenth of it: enough to be seen on a busy machine too.
  await drainAfter(2_000);
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  const watched = await Promise.all(Array.from({ length: 20 }, watch));
  const startedMs = Date.now();
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  const { drainUntil } = await lb.call<{ drainUntil: string }>("GET", "/target-groups/ai-slot-1");
  expect(Date.parse(drainUntil)).toBeGreaterThanOrEqual(startedMs + 2_000);
  const ends = await Promise.all(watched.map(({ closed }) => closed));
  expect(ends.map(({ code }) => code)).toEqual(ends.map(() => 1001));
  expect(Math.min(...ends.map(({ atMs }) => atMs)) - startedMs).toBeGreaterThanOrEqual(2_000);
  // How far apart depends on how busy the machine is; at one moment it is never.
  expect(new Set(ends.map(({ atMs }) => atMs)).size).toBeGreaterThan(1);
  await until("nothing is open", async () => (await lb.stats()).slots["slot-1"]?.webSockets === 0);
  await until("the service saw them end", () => first.sockets.size === 0);
});

test("weight that comes back within the drain keeps the WebSockets", async () => {
  await drainAfter(500);
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  const { socket, closed } = await watch();
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  // Another slot's drain, begun later and as long, tells when the first one would have struck.
  const { closed: otherClosed } = await watchOn("slot-2");
  expect((await otherClosed).code).toBe(1001);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.close();
  expect((await closed).code).toBe(1005);
});

async function watchOn(slot: string): Promise<Watched> {
  await lb.weights({ "slot-1": 0, "slot-2": 0, [slot]: 100 });
  const watched = await watch();
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  return watched;
}

test("the deadline is remembered over a restart", async () => {
  await drainAfter(60_000);
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  const before = (await lb.state()).targetGroups["ai-slot-1"]?.drainUntil;
  await lb.stop("SIGKILL");
  await lb.start();
  expect(before).not.toBeNull();
  expect((await lb.state()).targetGroups["ai-slot-1"]?.drainUntil).toBe(before);
});

test("a close frame never lands inside a message that is under way", async () => {
  const accept =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  const message = Buffer.alloc(200_000, "m");
  const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(message.length), 2);
  let sendRest: () => void = () => undefined;
  const port = await startRaw((socket) => {
    socket.once("data", (chunk: Buffer) => {
      if (!chunk.includes("Sec-WebSocket-Key")) return;
      const key = /Sec-WebSocket-Key: (.*)\r\n/i.exec(chunk.toString())?.[1] ?? "";
      socket.write(`${accept}${acceptOf(key)}\r\n\r\n`);
      socket.write(head);
      socket.write(message.subarray(0, 70_000));
      sendRest = () => socket.write(message.subarray(70_000));
    });
  });
  await lb.targetGroup("slot-1", port, { drainMs: 0 });
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  const socket = new WebSocket(lb.url("/api/ai/live").replace("http", "ws"));
  const events: string[] = [];
  socket.on("message", (data: Buffer) => events.push(`message of ${data.length}`));
  const closed = new Promise<void>((done) => {
    socket.on("close", (code) => {
      events.push(`close ${code}`);
      done();
    });
  });
  await new Promise((done) => socket.once("open", done));
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  await until("the drain is over", async () => {
    const at = (await lb.state()).targetGroups["ai-slot-1"]?.drainUntil;
    return at !== null && Date.parse(at ?? "") + 100 < Date.now();
  });
  sendRest();
  await closed;
  expect(events).toEqual(["message of 200000", "close 1001"]);
});

const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

test("SIGTERM lets a request in flight end, closes WebSockets with 1001 and exits with 0", async () => {
  let finish: () => void = () => undefined;
  const slow = await startService("slow", (_request, response) => {
    finish = () => response.end("late but whole");
  });
  await lb.targetGroup("slot-1", first.port);
  await lb.targetGroup("slot-2", slow.port, {
    health: { path: "/", intervalMs: 60_000, timeoutMs: 60_000, healthyAfter: 1, unhealthyAfter: 1 },
  });
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  const { closed } = await watch();
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  const answer = fetch(lb.url("/api/ai/slow")).then((response) => response.text());
  await until("the request is with the slot", async () => (await lb.stats()).slots["slot-2"]?.inFlight === 1);
  const exit = lb.stop("SIGTERM");
  expect((await closed).code).toBe(1001);
  finish();
  expect(await answer).toBe("late but whole");
  expect(await exit).toBe(0);
});
