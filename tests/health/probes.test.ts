import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import fc from "fast-check";
import { WebSocketServer } from "ws";
import { decodeRequest, decodeStatus, encodeRequest, encodeStatus } from "../../health/grpc";
import { valueAt } from "../../health/probes/body";
import { dnsProbe } from "../../health/probes/dns";
import { grpcProbe } from "../../health/probes/grpc";
import { httpProbe } from "../../health/probes/http";
import { tcpProbe } from "../../health/probes/tcp";
import { webSocketProbe } from "../../health/probes/websocket";
import { closeTargets, httpTarget, listen, probed, rawTarget } from "./support";

afterEach(closeTargets);

describe("HTTP", () => {
  const answers = { status: "ok", checks: { database: [{ status: "slow", ms: 12 }] }, "a.b": null };
  const target = () =>
    httpTarget((request, response) => {
      const status = Number(/status=(\d+)/.exec(request.url ?? "")?.[1] ?? 200);
      response.writeHead(status, { "x-version": "2.1.0", "content-type": "application/json" });
      response.end(request.method === "HEAD" ? undefined : JSON.stringify(answers));
    });

  test("an answer of 2xx is a pass, with the time it took", async () => {
    const found = await probed(httpProbe({ url: `${await target()}/health?token=s3cret` }));
    expect(found).toMatchObject({
      verdict: "pass",
      evidence: expect.stringMatching(/^GET \/health answered 200 in \d+ ms$/),
      measurements: [{ name: "responseTime", value: expect.any(Number), unit: "ms" }],
    });
  });

  test.each([
    ["a status that is not good", { path: "?status=503" }, "fail", "answered 503"],
    ["a status that is expected", { path: "?status=401", status: [401] }, "pass", "answered 401"],
    ["a header", { expectHeaders: { "X-Version": "2.1" } }, "pass", ""],
    ["another header", { expectHeaders: { "X-Version": "3" } }, "fail", "its header X-Version is another one"],
    ["a header that is not there", { expectHeaders: { "X-Team": "ai" } }, "fail", "its header X-Team is not there"],
    ["text", { contains: '"ok"' }, "pass", ""],
    ["text that is not there", { contains: "fine" }, "fail", 'its body does not contain "fine"'],
    ["a value", { json: { status: "ok", "checks.database[0].ms": 12, '["a.b"]': null } }, "pass", ""],
    ["another value", { json: { "$.checks.database[0].status": "ok" } }, "fail", 'is "slow", and "ok" is expected'],
    ["a value that is not there", { json: { "checks.cache": "ok" } }, "fail", "checks.cache is not there"],
    ["an answer that comes too slowly", { slowAfterMs: 0 }, "warn", "and 0 ms are expected"],
    ["no body", { method: "HEAD" as const }, "pass", "HEAD / answered 200"],
  ])("%s is judged as it should be", async (_what, { path = "", ...spec }: Record<string, unknown>, verdict, words) => {
    const found = await probed(httpProbe({ url: `${await target()}/${path}`, ...spec }));
    expect(found).toMatchObject({ verdict, evidence: expect.stringContaining(words) });
  });

  test("a body that is no JSON is told as that, without what a terminal would obey", async () => {
    const url = await httpTarget((_, response) => response.end("<html>\x1b[31m\nsorry"));
    const found = await probed(httpProbe({ url, json: { status: "ok" } }));
    expect(found.evidence).toContain('its body is not JSON: "<html> [31m sorry"');
  });

  test("nobody there is told as that", async () => {
    const port = await rawTarget(() => undefined);
    closeTargets();
    const found = await probed(httpProbe({ url: `http://127.0.0.1:${port}/` }));
    expect(found).toMatchObject({ verdict: "fail", evidence: `nobody listens on 127.0.0.1:${port}` });
  });

  test("a path in JSON never leaves the document", () => {
    fc.assert(fc.property(fc.json(), fc.string(), (text, path) => void valueAt(JSON.parse(text), path)));
    expect(valueAt({}, "constructor.name")).toBeUndefined();
    expect(valueAt([1], "length.toString")).toBeUndefined();
  });
});

describe("WebSocket", () => {
  const target = async (serve: (server: WebSocketServer) => void) => {
    const http = createServer();
    const server = new WebSocketServer({ server: http });
    serve(server);
    return `ws://127.0.0.1:${await listen(http)}/socket`;
  };

  test("a handshake and a ping that comes back are a pass, with the round trip", async () => {
    const found = await probed(webSocketProbe({ url: await target(() => undefined) }));
    expect(found).toMatchObject({ verdict: "pass", measurements: [{ name: "responseTime" }] });
    expect(found.evidence).toMatch(/^handshake in \d+ ms, round trip in \d+ ms$/);
  });

  test("a message is sent, and the answer is looked for among others", async () => {
    const url = await target((server) =>
      server.on("connection", (socket) => {
        socket.send("hello");
        socket.on("message", (data) => socket.send(`echo ${data}`));
      }),
    );
    expect(await probed(webSocketProbe({ url, send: "42", expect: "echo 42" }))).toMatchObject({ verdict: "pass" });
    const other = await probed(webSocketProbe({ url, send: "42", expect: "echo 43" }), 300);
    expect(other).toMatchObject({ verdict: "fail" });
  });

  test("a server that is no WebSocket server, closes at once or never answers is a failure", async () => {
    const plain = await httpTarget((_, response) => response.end("hi"));
    const closing = await target((server) => server.on("connection", (socket) => socket.close(1013)));
    const silent = await rawTarget(() => undefined);
    const found = await Promise.all([
      probed(webSocketProbe({ url: plain.replace("http", "ws") })),
      probed(webSocketProbe({ url: closing, send: "x" })),
      probed(webSocketProbe({ url: `ws://127.0.0.1:${silent}/` }), 300),
    ]);
    expect(found.map(({ verdict }) => verdict)).toEqual(["fail", "fail", "fail"]);
    expect(found[0]?.evidence).toContain("200");
    expect(found[1]?.evidence).toBe("the target closed it with code 1013 before it answered");
    expect(found[2]?.evidence).toBe("no whole answer within 300 ms");
  });
});

test("TCP: a port where somebody listens is a pass, and one where nobody does is not", async () => {
  const port = await rawTarget((socket) => socket.end());
  expect(await probed(tcpProbe({ host: "127.0.0.1", port }))).toMatchObject({ verdict: "pass" });
  closeTargets();
  expect(await probed(tcpProbe({ host: "127.0.0.1", port }))).toMatchObject({
    verdict: "fail",
    evidence: `nobody listens on 127.0.0.1:${port}`,
  });
});

describe("DNS", () => {
  /** A name server with one A record, 10.0.0.7, for names that begin with "app", and no other names. */
  const nameServer = async (): Promise<{ server: string; close: () => void }> => {
    const socket = createSocket("udp4");
    socket.on("message", (query, from) => {
      const known = query.subarray(13, 16).toString() === "app";
      const header = Buffer.from(query.subarray(0, 12));
      header.writeUInt16BE(known ? 0x8580 : 0x8583, 2);
      header.writeUInt16BE(known ? 1 : 0, 6);
      header.writeUInt16BE(0, 10);
      const question = query.subarray(12, query.indexOf(0, 12) + 5);
      const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, 7]);
      socket.send(Buffer.concat([header, question, ...(known ? [record] : [])]), from.port, from.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
    return { server: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
  };

  test("a name that has the record expected is a pass; another record or no such name is not", async () => {
    const { server, close } = await nameServer();
    try {
      const found = await Promise.all([
        probed(dnsProbe({ name: "app.example", server, expect: ["10.0.0.7"] })),
        probed(dnsProbe({ name: "app.example", server, expect: ["10.0.0.8"] })),
        probed(dnsProbe({ name: "gone.example", server })),
      ]);
      expect(found.map(({ verdict }) => verdict)).toEqual(["pass", "fail", "fail"]);
      expect(found[1]?.evidence).toBe("app.example has no A record 10.0.0.8");
      expect(found[2]?.evidence).toContain("ENOTFOUND");
    } finally {
      close();
    }
  });

  test("a name server that is silent is a failure at the deadline", async () => {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
    try {
      const probe = dnsProbe({ name: "app.example", server: `127.0.0.1:${socket.address().port}` });
      expect(await probed(probe, 300)).toMatchObject({ verdict: "fail", evidence: "no whole answer within 300 ms" });
    } finally {
      socket.close();
    }
  });
});

describe("gRPC health", () => {
  const target = async (): Promise<{ address: string; stop: () => void }> => {
    const server = new GrpcServer();
    const definition = {
      check: {
        path: "/grpc.health.v1.Health/Check",
        requestStream: false as const,
        responseStream: false as const,
        requestSerialize: encodeRequest,
        requestDeserialize: decodeRequest,
        responseSerialize: encodeStatus,
        responseDeserialize: decodeStatus,
      },
    };
    server.addService(definition, {
      check: (
        { request: { service } }: { request: { service: string } },
        done: (error: object | null, status?: string) => void,
      ) => {
        if (service === "gone") return done({ code: 5, details: "unknown service" });
        if (service === "silent") return;
        done(null, service === "bad" ? "NOT_SERVING" : "SERVING");
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
  };

  test("SERVING is a pass; NOT_SERVING, an unknown service, silence and nobody are failures", async () => {
    const { address, stop } = await target();
    try {
      const ask = (service: string) => probed(grpcProbe({ address, service }), service === "silent" ? 500 : 20_000);
      const found = await Promise.all(["", "bad", "gone", "silent"].map(ask));
      expect(found.map(({ verdict }) => verdict)).toEqual(["pass", "fail", "fail", "fail"]);
      expect(found[1]?.evidence).toBe(`bad on ${address} says NOT_SERVING`);
      expect(found[2]?.evidence).toBe(`${address} knows no service gone`);
    } finally {
      stop();
    }
    expect(await probed(grpcProbe({ address }), 3000)).toMatchObject({ verdict: "fail" });
  });

  test("names and statuses come through the encoding as they are, and other bytes are never SERVING by chance", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (name) =>
        expect(decodeRequest(encodeRequest({ service: name }))).toEqual({ service: name }),
      ),
    );
    for (const status of ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] as const)
      expect(decodeStatus(encodeStatus(status))).toBe(status);
    expect(decodeStatus(Buffer.from([0x08, 9]))).toBe("UNKNOWN");
    expect(decodeStatus(Buffer.from([0x10, 1]))).toBe("UNKNOWN");
  });
});
