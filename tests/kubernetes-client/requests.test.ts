import { setTimeout as wait } from "node:timers/promises";
import { ApiServer, clusterAccess } from "../../kubernetes/client";
import { type Answer, apiServer, configOf, ownFolder } from "./support";

const folder = ownFolder();
const ok: Answer = { status: 200, body: { fine: true } };
const refusal = (message: string) => ({ message, reason: "Forbidden" });
const get = { method: "GET", path: "/x" } as const;

const client = (url: string, user: object = { token: "t" }, patienceMs = 20_000) => {
  const kubeconfig = folder.write(`config-${Math.random()}`, configOf(url, { mine: user }));
  return new ApiServer(clusterAccess({ context: "mine", kubeconfig }), patienceMs);
};

test("a server that throttles, or says that it is not there yet, is asked again", async () => {
  const busy: Answer = { status: 429, headers: { "retry-after": "0" } };
  const server = await apiServer([busy, { status: 503 }, ok]);
  try {
    expect(await client(server.url).call(get)).toEqual({ fine: true });
    expect(server.asked).toHaveLength(3);
  } finally {
    await server.close();
  }
});

test("a server that restarts is waited for, and nobody notices", async () => {
  const first = await apiServer([ok]);
  const port = Number(new URL(first.url).port);
  const api = client(first.url);
  await api.call(get);
  await first.close();
  const call = api.call(get);
  await wait(300);
  const second = await apiServer([ok], port);
  try {
    expect(await call).toEqual({ fine: true });
  } finally {
    await api.close();
    await second.close();
  }
});

test("a server that is away for longer is named, with its context", async () => {
  const server = await apiServer([ok]);
  await server.close();
  const failure = client(server.url, {}, 100).call(get);
  await expect(failure).rejects.toMatchObject({
    code: "cluster-unreachable",
    message: expect.stringContaining(`The API server ${server.url} of context mine does not answer: `),
  });
});

test("what a server refuses is refused at once, with its reason", async () => {
  const server = await apiServer([{ status: 403, body: refusal("you may not") }, ok]);
  try {
    await expect(client(server.url).call(get)).rejects.toMatchObject({
      code: "cluster-refused",
      message: "mine: you may not",
    });
    expect(server.asked).toHaveLength(1);
  } finally {
    await server.close();
  }
});

test("a write that could be done twice is not sent again when its answer is lost", async () => {
  const server = await apiServer([ok]);
  await server.close();
  const began = performance.now();
  const post = { method: "POST", path: "/x", body: {} } as const;
  await expect(client(server.url).call(post)).rejects.toMatchObject({ code: "cluster-unreachable" });
  expect(performance.now() - began).toBeLessThan(15_000);
});

describe("by a plugin", () => {
  const plugin = (script: string) => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: ["-e", script] },
  });
  const credential = (token: string, ends?: string) =>
    `console.log(JSON.stringify({ status: { token: ${token}, expirationTimestamp: ${JSON.stringify(ends)} } }))`;

  test("a token is kept, until the server does not take it any more", async () => {
    const server = await apiServer([ok, ok, { status: 401 }, ok]);
    try {
      const api = client(server.url, plugin(credential(`"t" + process.pid`)));
      for (let i = 0; i < 3; i++) await api.call(get);
      const tokens = server.asked.map((line) => line.split("Bearer ")[1]);
      expect(tokens).toHaveLength(4);
      expect(new Set(tokens.slice(0, 3)).size).toBe(1);
      expect(tokens[3]).not.toBe(tokens[2]);
    } finally {
      await server.close();
    }
  });

  test("a token that has expired is not used", async () => {
    const server = await apiServer([ok]);
    try {
      const api = client(server.url, plugin(credential(`"t" + process.pid`, "2020-01-01T00:00:00Z")));
      await api.call(get);
      await api.call(get);
      expect(new Set(server.asked).size).toBe(2);
    } finally {
      await server.close();
    }
  });

  test("credentials that stay refused are said to be the problem", async () => {
    const server = await apiServer([{ status: 401, body: { message: "Unauthorized" } }]);
    try {
      await expect(client(server.url).call(get)).rejects.toMatchObject({
        code: "cluster-login",
        message: "mine: Unauthorized",
      });
      expect(server.asked).toHaveLength(2);
    } finally {
      await server.close();
    }
  });

  test("one that fails is named with its last words, and never with what it printed", async () => {
    const script = `console.log("SECRET"); console.error("the session has ended: log in again"); process.exit(1)`;
    const failure = await client("http://127.0.0.1:1", plugin(script))
      .call(get)
      .catch((error: Error) => error);
    expect(failure).toMatchObject({ code: "cluster-login" });
    expect(String(failure)).toContain("which logs in to context mine, failed: the session has ended: log in again.");
    expect(String(failure)).not.toContain("SECRET");
    const garbage = await client("http://127.0.0.1:1", plugin(`console.log("SECRET")`))
      .call(get)
      .catch((error: Error) => error);
    expect(String(garbage)).toContain("failed: it gave no credential.");
    expect(String(garbage)).not.toContain("SECRET");
  });
});

test("a token's file is read again each time", async () => {
  const server = await apiServer([ok]);
  try {
    const tokenFile = folder.write("token", "one\n");
    const api = client(server.url, { tokenFile });
    await api.call(get);
    folder.write("token", "two\n");
    await api.call(get);
    expect(server.asked.map((line) => line.split(" ").at(-1))).toEqual(["one", "two"]);
  } finally {
    await server.close();
  }
});
