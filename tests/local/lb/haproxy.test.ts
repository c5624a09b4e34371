import { existsSync } from "node:fs";
import { Agent } from "node:http";
import { LoadBalancer, openSocket, type Service, send, startRaw, startService, stopAll, until } from "./harness";

const installed = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"].some((path) => existsSync(path));
if (!installed)
  process.stderr.write("\n!! LEFT OUT: haproxy is not installed, so HAProxy as the load balancer is not tested\n\n");
const suite = installed ? describe : describe.skip;

suite("with HAProxy behind the same admin API", () => {
  let lb: LoadBalancer;
  let services: Record<string, Service>;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    lb = await new LoadBalancer("haproxy").start();
    services = { "slot-1": await startService("slot-1"), "slot-2": await startService("slot-2") };
    for (const [slot, { port }] of Object.entries(services)) await lb.targetGroup(slot, port, { drainMs: 300 });
    await lb.weights({ "slot-1": 100, "slot-2": 0 });
  });
  afterAll(async () => {
    agent.destroy();
    await stopAll();
  });

  const ask = (method: string, body: string) => send(lb.url("/api/ai/x"), agent, method, body);

  test("changes of its config right after one another all arrive, each within a second or two", async () => {
    const port = services["slot-1"]?.port ?? 0;
    for (let round = 0; round < 8; round++) {
      const began = Date.now();
      await lb.targetGroup("slot-1", port, { drainMs: 300, requestTimeoutMs: 20_000 + round });
      expect(Date.now() - began).toBeLessThan(9_000);
    }
  });

  test("switches under load lose no request, and the counters agree with what clients saw", async () => {
    const wrong: unknown[] = [];
    let answers = 0;
    let open = true;
    const client = async (id: number) => {
      for (let i = 0; open; i++) {
        const body = id % 2 === 0 ? "" : `${id}-${i}`;
        const answer = await ask(id % 2 === 0 ? "GET" : "POST", body).catch((error: unknown) => error as Error);
        if (answer instanceof Error || answer.text !== `${answer.slot} ${body}`) wrong.push(answer);
        answers += 1;
      }
    };
    const clients = Array.from({ length: 16 }, (_, id) => client(id));
    for (let flip = 0; flip < 10; flip++) {
      const before = answers;
      await until("answers between two switches", () => answers > before + 100);
      await lb.weights(flip % 2 === 0 ? { "slot-1": 0, "slot-2": 100 } : { "slot-1": 100, "slot-2": 0 });
    }
    open = false;
    await Promise.all(clients);
    expect(wrong).toEqual([]);
    await until("all answers are counted", async () => {
      const { slots } = await lb.stats();
      return Object.values(slots).reduce((sum, slot) => sum + (slot.statuses["2xx"] ?? 0), 0) === answers;
    });
    // The log, where latencies come from, may miss a few lines.
    const { slots } = await lb.stats();
    const timed = slots["slot-1"]?.latencyCounts.reduce((sum, count) => sum + count, 0) ?? 0;
    expect(timed / (slots["slot-1"]?.requests ?? 0)).toBeGreaterThan(0.9);
  });

  test("the next request after a switch was confirmed goes to the new slot, and a lower epoch is refused", async () => {
    for (const to of ["slot-2", "slot-1", "slot-2"]) {
      await lb.weights({ "slot-1": 0, "slot-2": 0, [to]: 100 });
      expect((await ask("GET", "")).slot).toBe(to);
    }
    const stale = { ...(await lb.state()).routes.ai, epoch: 0 };
    await expect(lb.call("PUT", "/routes/ai", stale)).rejects.toMatchObject({ status: 409, code: "stale-epoch" });
  });

  test("WebSockets are counted apart, live on after a switch, and end with the drain", async () => {
    await lb.weights({ "slot-1": 100, "slot-2": 0 });
    const socket = await openSocket(lb.url("/api/ai/live"));
    const ended = new Promise<number>((done) => socket.on("close", () => done(Date.now())));
    await until("it is counted", async () => (await lb.stats()).slots["slot-1"]?.webSockets === 1);
    expect((await lb.stats()).slots["slot-1"]).toMatchObject({ webSocketsOpened: 1, inFlight: 0 });
    const switchedMs = Date.now();
    await lb.weights({ "slot-1": 0, "slot-2": 100 });
    expect((await ended) - switchedMs).toBeGreaterThanOrEqual(300);
  });

  test("no weight is a 503 that names the team; nobody's path is a 404; a slot that breaks off is a 502", async () => {
    await lb.weights({ "slot-1": 0, "slot-2": 0 });
    const none = await fetch(lb.url("/api/ai/x"));
    expect(none.status).toBe(503);
    expect(await none.json()).toMatchObject({ team: "ai", error: { code: "no-weight" } });
    expect((await fetch(lb.url("/api/aix"))).status).toBe(404);
    const port = await startRaw((socket) => socket.once("data", () => socket.destroy()));
    await lb.targetGroup("slot-1", port, { drainMs: 300 });
    await lb.weights({ "slot-1": 100, "slot-2": 0 });
    expect((await ask("POST", "x")).status).toBe(502);
    await until("the failure is counted", async () => (await lb.stats()).slots["slot-1"]?.failures === 1);
    await lb.targetGroup("slot-1", services["slot-1"]?.port ?? 0, { drainMs: 300 });
  });

  test("killed and started again, it ends the HAProxy it left behind and comes back with the same weights", async () => {
    await lb.weights({ "slot-1": 0, "slot-2": 100 });
    await lb.stop("SIGKILL");
    await lb.start();
    expect((await ask("GET", "")).slot).toBe("slot-2");
  });

  test("SIGTERM takes HAProxy with it", async () => {
    expect(await lb.stop("SIGTERM")).toBe(0);
    await expect(fetch(lb.url("/api/ai/x"))).rejects.toThrow();
  });
});
