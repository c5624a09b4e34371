/** Targets that mean harm, or are very ill: each probe ends in time, with few bytes, and says what was wrong. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createSecureServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { httpProbe } from "../../health/probes/http";
import { tcpProbe } from "../../health/probes/tcp";
import { watch } from "../../health/watch/watch";
import { checkOf, closeTargets, httpTarget, listen, probed, rawTarget, until } from "./support";

afterEach(closeTargets);

const soon = 400;
const tooLate = { verdict: "fail", evidence: `no whole answer within ${soon} ms` };

test("a target that takes the connection and says nothing fails at the deadline", async () => {
  const port = await rawTarget(() => undefined);
  const found = await probed(httpProbe({ url: `http://127.0.0.1:${port}/` }), soon);
  expect(found).toMatchObject(tooLate);
  expect(found.at - found.startedAt).toBeLessThan(20_000);
});

test.each([
  ["headers", "HTTP/1.1 200 OK\r\n"],
  ["a body", "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"],
])("a target that trickles %s byte by byte fails at the deadline", async (_what, start) => {
  const port = await rawTarget((socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(timer));
  });
  expect(await probed(httpProbe({ url: `http://127.0.0.1:${port}/` }), soon)).toMatchObject(tooLate);
});

test("a target that redirects for ever is asked a limited number of times", async () => {
  let asked = 0;
  const url = await httpTarget((_, response) => {
    asked += 1;
    response.writeHead(302, { location: `/again-${asked}` }).end();
  });
  expect(await probed(httpProbe({ url, redirects: 5 }))).toMatchObject({
    verdict: "fail",
    evidence: expect.stringContaining("redirected more than 5 times"),
  });
  expect(asked).toBe(6);
});

test("a redirect is an answer unless it may be followed, and never leads to another host", async () => {
  const url = await httpTarget(({ url: path }, response) => {
    if (path === "/there") response.end("here");
    else response.writeHead(301, { location: path === "/away" ? "http://169.254.169.254/latest" : "/there" }).end();
  });
  expect(await probed(httpProbe({ url }))).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("301") });
  expect(await probed(httpProbe({ url, redirects: 1, contains: "here" }))).toMatchObject({ verdict: "pass" });
  expect(await probed(httpProbe({ url: `${url}/away`, redirects: 5 }))).toMatchObject({
    verdict: "fail",
    evidence: "redirected to another host, http://169.254.169.254/latest",
  });
});

test("of an answer of a gigabyte a probe reads a megabyte", async () => {
  let sent = 0;
  const url = await httpTarget((_, response) => {
    response.writeHead(200, { "content-length": 1 << 30 });
    const block = Buffer.alloc(1 << 16);
    const more = () => {
      while (sent < 1 << 30 && !response.destroyed) {
        sent += block.length;
        if (response.write(block)) continue;
        response.once("drain", more);
        return;
      }
    };
    more();
  });
  expect(await probed(httpProbe({ url }))).toMatchObject({ verdict: "pass" });
  expect(await probed(httpProbe({ url, contains: "needle" }))).toMatchObject({
    verdict: "fail",
    evidence: expect.stringContaining("its body is larger than a check reads"),
  });
  // what the sockets' buffers took beside it is the system's
  expect(sent).toBeLessThan(64 << 20);
});

test("a body shorter than it says is a failure, and bytes after the end are nobody's", async () => {
  const talking = (text: string) =>
    rawTarget((socket) => {
      socket.once("data", () => socket.end(text));
    });
  const short = await talking("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it");
  const long = await talking("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Sorry\r\n\r\n");
  const found = await Promise.all(
    [short, long].map((port) => probed(httpProbe({ url: `http://127.0.0.1:${port}/`, contains: "ok" }))),
  );
  expect(found[0]).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("broke off its answer") });
  expect(found[1]).toMatchObject({ verdict: "pass" });
});

test("headers without end, and what is no HTTP at all, are failures", async () => {
  const endless = await rawTarget((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const more = () => socket.write(`x-${"y".repeat(1000)}: z\r\n`) && setImmediate(more);
    socket.on("drain", more);
    more();
  });
  const babble = await rawTarget((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
  const found = await Promise.all(
    [endless, babble].map((port) => probed(httpProbe({ url: `http://127.0.0.1:${port}/` }))),
  );
  expect(found.map(({ verdict }) => verdict)).toEqual(["fail", "fail"]);
});

describe("certificates", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "switchyard-certificates-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Self-signed, for 127.0.0.1. */
  const certificate = (name: string, days: number) => {
    const [key, cert] = ["key", "pem"].map((end) => join(folder, `${name}.${end}`)) as [string, string];
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
    execFileSync("openssl", ["req", "-x509", ...keys, "-out", cert, "-days", `${days}`, ...subject], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  };
  const fingerprint = (name: string) =>
    execFileSync("openssl", ["x509", "-in", join(folder, `${name}.pem`), "-noout", "-fingerprint", "-sha256"], {
      encoding: "utf8",
    })
      .trim()
      .split("=")[1] ?? "";

  test("one that is nobody's to trust fails, one that ends soon warns, and one that changed is told", async () => {
    const [first, second] = [certificate("first", 90), certificate("second", 5)];
    const server = createSecureServer(first, (_, response) => response.end("ok"));
    const url = `https://127.0.0.1:${await listen(server)}/`;
    const trusted = { ca: first.cert + second.cert, fingerprint: fingerprint("first") };

    expect(await probed(httpProbe({ url }))).toMatchObject({
      verdict: "fail",
      evidence: expect.stringContaining("self-signed"),
    });
    expect(await probed(httpProbe({ url, certificate: trusted }))).toMatchObject({
      verdict: "pass",
      evidence: expect.stringContaining("good for 89 days"),
      measurements: expect.arrayContaining([{ name: "certificate", value: 89, unit: "d" }]),
    });
    server.setSecureContext(second);
    expect(await probed(httpProbe({ url, certificate: { ca: trusted.ca } }))).toMatchObject({
      verdict: "warn",
      evidence: expect.stringContaining("ends in 4 days"),
    });
    expect(await probed(httpProbe({ url, certificate: trusted }))).toMatchObject({
      verdict: "fail",
      evidence: expect.stringContaining("the certificate changed"),
    });
  });

  test("a server that speaks no TLS fails", async () => {
    const plain = await httpTarget((_, response) => response.end("ok"));
    expect(await probed(httpProbe({ url: plain.replace("http", "https") }))).toMatchObject({ verdict: "fail" });
  });
});

describe("the watch", () => {
  const policy = { intervalMs: 300, deadlineMs: 1_000, retryMs: 100, failAfter: 3, passAfter: 2 };
  /** The check that stands still, so to say: nothing runs in this process until it is over. */
  const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

  test("a prober that stands still says unknown, and calls nobody", async () => {
    const told: string[] = [];
    const states = new Set<string>();
    const port = await rawTarget(() => undefined);
    const quick = { ...policy, deadlineMs: 400 };
    const silent = checkOf(httpProbe({ url: `http://127.0.0.1:${port}/` }), 400, { policy: quick });
    const watching = watch([silent], {
      tell: (news) => {
        told.push(news.do);
        if (news.do === "record") states.add(news.to);
      },
    });
    try {
      // each probe meets a stall: what it finds may be the prober's own fault
      for (let i = 0; i < 3; i++) {
        const probes = watching.checks.get("target")?.status.last?.at;
        await until(() => {
          standStill(350);
          return watching.checks.get("target")?.status.last?.at !== probes;
        });
        expect(watching.checks.get("target")?.status.last).toMatchObject({
          verdict: "unknown",
          evidence: expect.stringContaining("the prober itself stood still"),
        });
      }
      expect(told).not.toContain("page");
      expect(states).not.toContain("fail");
      // and as soon as it runs again, a target that is silent is found
      await until(() => told.includes("page"));
    } finally {
      await watching.stop();
    }
  });

  test("a probe that heeds no deadline holds up nobody, and stopping waits for none of it", async () => {
    const never = checkOf(() => new Promise(() => undefined), 100, {
      policy: { ...policy, deadlineMs: 100, failAfter: 2 },
    });
    const port = await rawTarget((socket) => socket.end());
    const fine = checkOf(tcpProbe({ host: "127.0.0.1", port }), 1_000, { id: "fine", policy });
    const pages: string[] = [];
    const watching = watch([never, fine], { tell: (news) => news.do === "page" && pages.push(news.check) });
    await until(() => pages.length > 0 && watching.checks.get("fine")?.status.settled === "pass");
    await watching.stop();
    expect(pages).toEqual(["target"]);
  });

  test("what was paged before a restart is not paged again, and is resolved when it is over", async () => {
    let good = false;
    const url = await httpTarget((_, response) => response.writeHead(good ? 200 : 500).end());
    const check = checkOf(httpProbe({ url }), 1_000, { policy });
    const told: string[] = [];
    const first = watch([check], { tell: (news) => told.push(news.do) });
    await until(() => told.includes("page"));
    const before = [...first.checks.values()];
    await first.stop();

    const again: string[] = [];
    const second = watch([check], { before, tell: (news) => again.push(news.do) });
    await until(() => second.checks.get("target")?.status.blind === false);
    good = true;
    await until(() => again.includes("resolve"));
    await second.stop();
    expect(again).not.toContain("page");
  });
});
