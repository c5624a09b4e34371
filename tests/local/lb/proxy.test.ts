import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { errorHeader, slotHeader } from "../../../local/api";
import { freePort } from "../../ports";
import { bodyOf, LoadBalancer, sendRaw, startRaw, startService, stopAll, targetGroup, until } from "./harness";

let lb: LoadBalancer;
beforeAll(async () => {
  lb = await new LoadBalancer().start();
});
afterAll(stopAll);

const rareChecks = { path: "/health", intervalMs: 3_600_000, timeoutMs: 100, healthyAfter: 1, unhealthyAfter: 1 };
/** All traffic to this port; health checks do not disturb it. */
async function serve(port: number, more: Partial<ReturnType<typeof targetGroup>> = {}): Promise<void> {
  await lb.targetGroup("slot-1", port, { health: rareChecks, ...more });
  await lb.weights({ "slot-1": 100 });
}
const ok = (text: string) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
const isCheck = (chunk: Buffer) => chunk.includes("GET /health");
const get = (path = "/api/ai/x", init?: RequestInit) => fetch(lb.url(path), init);

test("a team without a live version answers 503 that names the team", async () => {
  await lb.targetGroup("slot-1", await freePort(), { health: rareChecks });
  await lb.weights({ "slot-1": 0 });
  const answer = await get();
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.headers.get(errorHeader)).toBe("no-weight");
  expect(await answer.json()).toEqual({
    error: { code: "no-weight", message: "team ai has no live version: no slot of its route has weight" },
    team: "ai",
  });
});

test("a path that nobody has answers 404 that names the path", async () => {
  const answer = await get("/api/aix?secret=1");
  expect(answer.status).toBe(404);
  expect(await answer.json()).toEqual({ error: { code: "no-route", message: "no team's route takes /api/aix" } });
});

test("the longest prefix of whole segments wins", async () => {
  const deep = await startService("deep", (message, response) => response.end(`deep ${message.url}`));
  await lb.call("PUT", "/target-groups/deep-slot-3", targetGroup("deep", "slot-3", deep.port, { health: rareChecks }));
  await lb.call("PUT", "/routes/deep", {
    team: "deep",
    paths: ["/api/ai/deep/"],
    targetGroups: { "slot-3": "deep-slot-3" },
    weights: { "slot-3": 1 },
    live: null,
    epoch: 1,
    revision: 1,
    release: "",
  });
  await serve((await startService("slot-1", (message, response) => response.end(`flat ${message.url}`))).port);
  const texts = await Promise.all(
    ["/api/ai/deep", "/api/ai/deep/a/b?c=/d", "/api/ai/deeper", "/api/ai?x=/api/ai/deep", "/api/ai"].map(async (path) =>
      (await get(path)).text(),
    ),
  );
  expect(texts).toEqual([
    "deep /api/ai/deep",
    "deep /api/ai/deep/a/b?c=/d",
    "flat /api/ai/deeper",
    "flat /api/ai?x=/api/ai/deep",
    "flat /api/ai",
  ]);
});

test("the slot sees who asked; headers between two hops stay between them", async () => {
  let seen: IncomingMessage | null = null;
  const { port } = await startService("slot-1", (message, response) => {
    if (message.url !== "/health") seen = message;
    response.writeHead(200, {
      "x-private": "1",
      connection: "x-private, close",
      "keep-alive": "timeout=1",
      [slotHeader]: "forged",
      "set-cookie": ["a=1", "b=2"],
    });
    response.end("x");
  });
  await serve(port);
  const { text } = await sendRaw(
    lb.port,
    "GET /api/ai/x HTTP/1.1\r\nHost: team.example\r\nConnection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Connection: close\r\nX-Forwarded-For: 10.1.2.3\r\nX-Forwarded-Proto: https\r\nX-Kept: 1\r\n\r\n",
  );
  const { headers } = seen as unknown as IncomingMessage;
  expect(headers).toEqual({
    host: "team.example",
    connection: "keep-alive",
    "x-kept": "1",
    "x-forwarded-for": "10.1.2.3, 127.0.0.1",
    "x-forwarded-proto": "http",
    "x-forwarded-host": "team.example",
  });
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(text.match(new RegExp(slotHeader, "gi"))).toHaveLength(1);
  expect(text).toContain(`${slotHeader}: slot-1\r\n`);
  expect(text).toContain("set-cookie: a=1\r\nset-cookie: b=2\r\n");
  expect(text).not.toMatch(/x-private|timeout=1\r/i);
});

test("requests that two servers could read differently are refused", async () => {
  await serve((await startService("slot-1")).port);
  const head = "POST /api/ai/x HTTP/1.1\r\nHost: a\r\n";
  const ambiguous = [
    `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n`,
    `${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    `${head}X: a\nContent-Length: 3\r\n\r\nabc`,
    "GET /api/ai/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /api/ai/x HTTP/1.1\r\n\r\n",
  ];
  for (const text of ambiguous) {
    const answer = await sendRaw(lb.port, text.replace("HTTP/1.1\r\nHost", "HTTP/1.1\r\nConnection: close\r\nHost"));
    expect(answer.text).toMatch(/^HTTP\/1\.1 400 /);
  }
});

test("headers that are too large are refused with 431", async () => {
  const { text } = await sendRaw(lb.port, `GET /api/ai/x HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});

test.each([
  ["of a known length", "Content-Length: 100\r\n\r\nonly this"],
  ["in chunks", "Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n"],
])("an answer %s that breaks off is never passed on as complete", async (_what, rest) => {
  const port = await startRaw((socket) => {
    socket.on("data", () => {
      socket.write(`HTTP/1.1 200 OK\r\n${rest}`);
      setTimeout(() => socket.destroy(), 50);
    });
  });
  await serve(port);
  for (const version of ["1.1", "1.0"]) {
    const answer = await sendRaw(lb.port, `GET /api/ai/x HTTP/${version}\r\nHost: a\r\n\r\n`);
    expect(answer.text).toContain("only this");
    expect(answer.error).toBe("ECONNRESET");
  }
  expect((await lb.stats()).slots["slot-1"]?.failures).toBeGreaterThan(0);
});

test.each([
  ["GET", undefined, true],
  ["HEAD", undefined, true],
  ["OPTIONS", undefined, true],
  ["POST", "body", false],
  ["DELETE", undefined, false],
  ["GET with a body", "body", false],
])("%s on a connection that the slot closes without an answer is sent again: %s, %s", async (what, body, repeated) => {
  let requests = 0;
  const port = await startRaw((socket) => {
    socket.on("data", (chunk: Buffer) => {
      if (isCheck(chunk)) return;
      requests += 1;
      if (requests === 1) socket.destroy();
      else socket.end(what === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : ok("ok"));
    });
  });
  await serve(port);
  const status = await new Promise<number>((done, fail) => {
    const outgoing = request(
      lb.url("/api/ai/x"),
      { method: what.split(" ")[0], headers: body === undefined ? {} : { "content-length": body.length } },
      (message) => {
        message.resume();
        done(message.statusCode ?? 0);
      },
    );
    outgoing.on("error", fail);
    outgoing.end(body);
  });
  expect({ status, requests }).toEqual(repeated ? { status: 200, requests: 2 } : { status: 502, requests: 1 });
});

test.each([100, 300_000])("a POST of %d bytes to a slot where nobody listens is a 502 that says so", async (size) => {
  const port = await freePort();
  await serve(port);
  const refused = await get("/api/ai/x", { method: "POST", body: "p".repeat(size) });
  expect(refused.status).toBe(502);
  expect(refused.headers.get(errorHeader)).toBe("slot-unavailable");
  const message = `slot slot-1 of team ai cannot be reached at 127.0.0.1:${port}: nobody listens there`;
  expect(await refused.json()).toEqual({ error: { code: "slot-unavailable", message }, team: "ai", slot: "slot-1" });
});

test("a POST is not lost to a kept connection that the slot has closed meanwhile", async () => {
  const { port, server } = await startService("slot-1");
  server.keepAliveTimeout = 300;
  await serve(port);
  for (let i = 0; i < 4; i++) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => get("/api/ai/x", { method: "POST", body: `${n}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    // Around the moment at which the service gives its idle connections up.
    await new Promise((next) => setTimeout(next, 296 + i * 3));
  }
});

test("a slot that does not answer in time is a 504 that names it", async () => {
  await serve(await startRaw(() => undefined), { requestTimeoutMs: 300 });
  const answer = await get();
  expect(answer.status).toBe(504);
  expect(await answer.json()).toEqual({
    error: { code: "slot-timeout", message: "slot slot-1 of team ai gave no answer within 300 ms" },
    team: "ai",
    slot: "slot-1",
  });
});

test("what is not HTTP is a 502, and is not asked for twice", async () => {
  let asked = 0;
  const port = await startRaw((socket) => {
    socket.on("data", (chunk: Buffer) => {
      if (!isCheck(chunk)) asked += 1;
      socket.end("what?\r\n\r\n");
    });
  });
  await serve(port);
  expect((await get()).status).toBe(502);
  expect(asked).toBe(1);
});

test("a client that goes away takes its request to the slot with it", async () => {
  let gone = false;
  const { port } = await startService("slot-1", (message, response) => {
    if (message.url === "/health") response.end();
    else response.on("close", () => (gone = true));
  });
  await serve(port);
  const socket = connect(lb.port, "127.0.0.1");
  socket.write("GET /api/ai/x HTTP/1.1\r\nHost: a\r\n\r\n");
  await until("it is with the slot", async () => (await lb.stats()).slots["slot-1"]?.inFlight === 1);
  socket.destroy();
  await until("the slot knows", () => gone);
  await until("it is not in flight", async () => (await lb.stats()).slots["slot-1"]?.inFlight === 0);
});

test("large bodies pass both ways unchanged, in chunks and with a length, at the pace of the slower side", async () => {
  const { port } = await startService("slot-1", (message, response) => message.pipe(response));
  await serve(port);
  const body = Buffer.alloc(20_000_000, "0123456789abcdef");
  const agent = new Agent();
  for (const headers of [{ "content-length": body.length }, { "transfer-encoding": "chunked" }]) {
    const echoed = await new Promise<Buffer>((done, fail) => {
      const outgoing = request(lb.url("/api/ai/x"), { method: "POST", headers, agent }, async (message) => {
        const chunks: Buffer[] = [];
        message.pause();
        await new Promise((next) => setTimeout(next, 100));
        for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
        done(Buffer.concat(chunks));
      });
      outgoing.on("error", fail);
      outgoing.end(body);
    });
    expect(echoed.equals(body)).toBe(true);
  }
});

test("HEAD, 204, 304, 100-continue, early hints and trailers pass as they should", async () => {
  const { port } = await startService("slot-1", (message, response) => {
    const what = message.url?.split("/").at(-1);
    if (what === "hints") response.writeEarlyHints({ link: "</a.css>; rel=preload" });
    if (what === "204" || what === "304") response.writeHead(Number(what)).end();
    else if (what === "trailers") {
      response.writeHead(200, { trailer: "x-sum" });
      response.write("body");
      response.addTrailers({ "x-sum": "42" });
      response.end();
    } else
      message.on("data", () => undefined).on("end", () => response.writeHead(200, { "content-length": 4 }).end("four"));
  });
  await serve(port);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string, what: string, body?: string) =>
    new Promise<{ status: number; text: string; trailers: NodeJS.Dict<string>; length: string | undefined }>(
      (done, fail) => {
        const headers = body === undefined ? {} : { expect: "100-continue", "content-length": body.length };
        const outgoing = request(lb.url(`/api/ai/${what}`), { method, agent, headers }, (message) => {
          bodyOf(message).then(
            (text) =>
              done({
                status: message.statusCode ?? 0,
                text,
                trailers: message.trailers,
                length: message.headers["content-length"],
              }),
            fail,
          );
        });
        outgoing.on("error", fail);
        if (body === undefined) outgoing.end();
        else outgoing.on("continue", () => outgoing.end(body));
      },
    );
  expect(await ask("HEAD", "x")).toMatchObject({ status: 200, text: "", length: "4" });
  expect(await ask("GET", "204")).toMatchObject({ status: 204, text: "" });
  expect(await ask("GET", "304")).toMatchObject({ status: 304, text: "" });
  expect(await ask("POST", "x", "body")).toMatchObject({ status: 200, text: "four" });
  expect(await ask("GET", "hints")).toMatchObject({ status: 200, text: "four" });
  expect(await ask("GET", "trailers")).toMatchObject({ status: 200, text: "body", trailers: { "x-sum": "42" } });
  agent.destroy();
});

test("an answer that comes before the request's end reaches the client", async () => {
  const { port } = await startService("slot-1", (_message, response) => response.writeHead(413).end("too much"));
  await serve(port);
  const outgoing = request(lb.url("/api/ai/x"), { method: "POST" });
  outgoing.write("x".repeat(100_000));
  const [message] = (await once(outgoing, "response")) as [IncomingMessage];
  expect(message.statusCode).toBe(413);
  expect(await bodyOf(message)).toBe("too much");
  outgoing.destroy();
});

test("an offer of HTTP/2 is answered in HTTP/1.1, and CONNECT is refused", async () => {
  await serve((await startService("slot-1")).port);
  const offer = await sendRaw(
    lb.port,
    "GET /api/ai/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
  );
  expect(offer.text).toMatch(/^HTTP\/1\.1 200 OK/);
  const tunnel = await sendRaw(lb.port, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  expect(tunnel.text).toMatch(/^HTTP\/1\.1 405 /);
});

test("a WebSocket that the slot refuses gets the slot's own answer; without a slot, 502", async () => {
  const { port } = await startService("slot-1", (_message, response) => response.end());
  await serve(port);
  const handshake =
    "GET /api/ai/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: nonsense\r\n\r\n";
  expect((await sendRaw(lb.port, handshake)).text).toMatch(/^HTTP\/1\.1 400 .*x-switchyard-slot: slot-1/s);
  await serve(await freePort());
  expect((await sendRaw(lb.port, handshake)).text).toMatch(/^HTTP\/1\.1 502 .*"slot":"slot-1"/s);
});

test("counters are there for Prometheus too", async () => {
  await serve((await startService("slot-1")).port);
  await get();
  const { text } = await new Promise<{ text: string; type: string }>((done, fail) => {
    request({ socketPath: lb.socket, path: "/metrics" }, (message) => {
      bodyOf(message).then((body) => done({ text: body, type: String(message.headers["content-type"]) }), fail);
    })
      .on("error", fail)
      .end();
  });
  expect(text).toMatch(/^# TYPE switchyard_requests_total counter\n/m);
  expect(text).toMatch(/^switchyard_weight\{team="ai",slot="slot-1"\} 100$/m);
  expect(text).toMatch(/^switchyard_latency_seconds_bucket\{team="ai",slot="slot-1",le="\+Inf"\} [1-9]\d*$/m);
});
