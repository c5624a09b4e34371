import { Agent } from "node:http";
import { WebSocket } from "ws";
import { slotHeader } from "../../../local/api";
import { LoadBalancer, openSocket, type Service, send, startService, stopAll, until } from "./harness";

let lb: LoadBalancer;
let services: Record<string, Service>;

beforeAll(async () => {
  lb = await new LoadBalancer().start();
  services = { "slot-1": await startService("slot-1"), "slot-2": await startService("slot-2") };
  for (const [slot, { port }] of Object.entries(services)) await lb.targetGroup(slot, port);
});
afterAll(stopAll);

const agent = new Agent({ keepAlive: true });
afterAll(() => agent.destroy());

const ask = (method: string, body: string) => send(lb.url("/api/ai/x"), agent, method, body);

const echo = (socket: WebSocket, text: string) =>
  new Promise<string>((done) => {
    socket.once("message", (data) => done(String(data)));
    socket.send(text);
  });

test("ten switches under 32 keep-alive clients and 20 WebSockets lose no request and cut no socket", async () => {
  await lb.weights({ "slot-1": 100, "slot-2": 0 });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(lb.url("/api/ai/live"))));
  let cut = 0;
  for (const socket of sockets) socket.on("close", () => (cut += 1));
  const wrong: unknown[] = [];
  let answers = 0;
  let open = true;
  const client = async (id: number) => {
    for (let i = 0; open; i++) {
      const body = id % 2 === 0 ? "" : `${id}-${i}`;
      const answer = await ask(id % 2 === 0 ? "GET" : "POST", body).catch((error: unknown) => error as Error);
      if (answer instanceof Error || answer.status !== 200 || answer.text !== `${answer.slot} ${body}`)
        wrong.push(answer);
      answers += 1;
    }
  };
  const clients = Array.from({ length: 32 }, (_, id) => client(id));
  for (let flip = 0; flip < 10; flip++) {
    const before = answers;
    await until("answers between two switches", () => answers > before + 200);
    await lb.weights(flip % 2 === 0 ? { "slot-1": 0, "slot-2": 100 } : { "slot-1": 100, "slot-2": 0 });
  }
  open = false;
  await Promise.all(clients);
  const echoes = await Promise.all(sockets.map((socket, i) => echo(socket, `still ${i}`)));
  expect(wrong).toEqual([]);
  expect(cut).toBe(0);
  expect(echoes).toEqual(sockets.map((_, i) => `still ${i}`));
  const stats = await lb.stats();
  const counted = Object.values(stats.slots).reduce((sum, slot) => sum + (slot.statuses["2xx"] ?? 0), 0);
  expect(counted).toBe(answers);
  expect(stats.slots["slot-1"]).toMatchObject({ webSockets: 20, webSocketsOpened: 20, failures: 0, inFlight: 0 });
  for (const socket of sockets) socket.close();
  await until("the closed sockets are counted", async () => (await lb.stats()).slots["slot-1"]?.webSockets === 0);
});

test("the next request after a switch was confirmed goes to the new slot", async () => {
  for (let i = 0; i < 20; i++) {
    const to = i % 2 === 0 ? "slot-2" : "slot-1";
    await lb.weights({ "slot-1": 0, "slot-2": 0, [to]: 100 });
    expect((await ask("GET", "")).slot).toBe(to);
  }
});

test("weights are kept exactly, request by request", async () => {
  await lb.weights({ "slot-1": 90, "slot-2": 10 });
  const slots: string[] = [];
  for (let i = 0; i < 50; i++) slots.push((await ask("GET", "")).slot);
  expect(slots.filter((slot) => slot === "slot-2")).toHaveLength(5);
});

test("a WebSocket handshake says which slot took it", async () => {
  await lb.weights({ "slot-1": 0, "slot-2": 100 });
  const socket = new WebSocket(lb.url("/api/ai/live").replace("http", "ws"));
  const slot = await new Promise((done) => socket.once("upgrade", (message) => done(message.headers[slotHeader])));
  expect(slot).toBe("slot-2");
  socket.terminate();
});
