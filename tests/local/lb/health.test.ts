import type { TargetGroupStatus } from "../../../local/api";
import { freePort } from "../../ports";
import { LoadBalancer, startRaw, startService, stopAll, until } from "./harness";

let lb: LoadBalancer;
beforeAll(async () => {
  lb = await new LoadBalancer().start();
});
afterAll(stopAll);

const status = (slot: string) => lb.call<TargetGroupStatus>("GET", `/target-groups/ai-${slot}`);
const decided = (slot: string) =>
  until(`${slot} is decided`, async () => {
    const now = await status(slot);
    return now.healthy === null ? null : now;
  });

test("a slot is healthy from its first good check on, which comes at once", async () => {
  const { port } = await startService("slot-1");
  await lb.targetGroup("slot-1", port, {
    health: { path: "/health", intervalMs: 60_000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 2 },
  });
  const { healthy, reason } = await decided("slot-1");
  expect(healthy).toBe(true);
  expect(reason).toMatch(/^healthy since \d{4}-.*Z: GET \/health answered 200$/);
});

test("why a slot is unhealthy is said in words", async () => {
  const hanging = await startRaw(() => undefined);
  const babbling = await startRaw((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  const failing = await startService("failing", (_request, response) => response.writeHead(503).end());
  const redirecting = await startService("redirecting", (_request, response) =>
    response.writeHead(302, { location: "/" }).end(),
  );
  const broken = await startRaw((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
  const nobody = await freePort();
  const expected: [string, number, RegExp][] = [
    ["hanging", hanging, /GET \/health gave no whole answer within 200 ms/],
    ["babbling", babbling, /GET \/health failed: Parse Error/],
    ["failing", failing.port, /GET \/health answered 503/],
    ["redirecting", redirecting.port, /GET \/health answered 302/],
    ["broken", broken, /GET \/health broke off its answer/],
    ["nobody", nobody, new RegExp(`GET /health failed: nobody listens on 127.0.0.1:${nobody}`)],
  ];
  const health = { path: "/health", intervalMs: 50, timeoutMs: 200, healthyAfter: 1, unhealthyAfter: 2 };
  for (const [slot, port] of expected) await lb.targetGroup(slot, port, { health });
  for (const [slot, , words] of expected) {
    const { healthy, reason } = await decided(slot);
    expect(healthy).toBe(false);
    expect(reason).toMatch(/^unhealthy since /);
    expect(reason).toMatch(words);
  }
});

test("one bad check is not enough, as many as the threshold are, and a good one brings it back", async () => {
  let good = true;
  const { port } = await startService("moody", (_request, response) => response.writeHead(good ? 200 : 500).end());
  await lb.targetGroup("moody", port, {
    health: { path: "/health", intervalMs: 150, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 3 },
  });
  expect((await decided("moody")).healthy).toBe(true);
  good = false;
  const warned = await until("a first bad check", async () => {
    const now = await status("moody");
    return now.reason.includes("; now: ") ? now : null;
  });
  expect(warned).toMatchObject({
    healthy: true,
    reason: expect.stringMatching(/; now: GET \/health answered 500 \([12] of 3 in a row\)$/),
  });
  await until("it is unhealthy", async () => (await status("moody")).healthy === false);
  good = true;
  await until("it is healthy again", async () => (await status("moody")).healthy === true);
});

test("traffic stays where the weights are: an unhealthy slot is not replaced behind the driver's back", async () => {
  const weighted = await startService("weighted", (request, response) => {
    response.writeHead(request.url === "/health" ? 500 : 200).end("weighted");
  });
  const idle = await startService("idle");
  await lb.targetGroup("weighted", weighted.port);
  await lb.targetGroup("idle", idle.port);
  await lb.weights({ weighted: 100, idle: 0 });
  await until("it is unhealthy", async () => (await status("weighted")).healthy === false);
  const answer = await fetch(lb.url("/api/ai/x"));
  expect(await answer.text()).toBe("weighted");
});
