import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { projectRoot } from "../../demo/project";

const examples = path.join(projectRoot(), "examples");
const commit = "0123456789abcdef0123456789abcdef01234567";

describe("the example services", () => {
  let folder: string;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "switchyard-services-"));
  });
  afterAll(async () => {
    for (const child of started) child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts a service on a free port; resolves with its address when it says that it listens. */
  async function start(
    service: string,
    env: Record<string, string> = {},
    cwd = path.join(examples, "services", service),
  ) {
    const child = spawn(process.execPath, ["server.js"], {
      cwd,
      env: { PORT: "0", VERSION: commit, SLOT: "slot-1", TEAM: "a-team", ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    started.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (url) return { url, child };
    }
    throw new Error("the service never listened");
  }

  test("each answer says which version, commit and slot gave it", async () => {
    const { url } = await start("jobs");
    const answer = await fetch(`${url}/api/workflow/status`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-app-version")).toBe("v1");
    expect(await answer.json()).toEqual({ version: "v1", commit, slot: "slot-1", team: "a-team", status: "ok" });
  });

  test("a job is finished and answered before the process ends", async () => {
    const { url, child } = await start("jobs");
    const answer = fetch(`${url}/api/workflow/jobs`, { method: "POST", body: JSON.stringify({ durationMs: 300 }) });
    await inFlight(url);
    child.kill("SIGTERM");
    expect((await answer).status).toBe(201);
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("what one slot wrote, the other slot of the team reads", async () => {
    const file = path.join(folder, "team.sqlite");
    const one = await start("collaboration", { DATABASE_FILE: file });
    const two = await start("collaboration", { DATABASE_FILE: file });
    const written = await fetch(`${one.url}/api/collaboration/documents/plan`, {
      method: "POST",
      body: '{"text":"hello"}',
    });
    expect(written.status).toBe(200);
    const read = await (await fetch(`${two.url}/api/collaboration/documents/plan`)).json();
    expect(read).toMatchObject({ id: "plan", text: "hello", revision: 1 });
  });

  test("a WebSocket gets its own words back, short or long, and 1001 when the version goes away", async () => {
    const { url, child } = await start("collaboration");
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/realtime/socket`);
    const echoes: string[] = [];
    const said = ["a", "ü".repeat(300), "x".repeat(40_000)];
    const closed = once(socket, "close");
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.type === "welcome") for (const text of said) socket.send(text);
      if (message.type === "echo") echoes.push(message.text);
      if (echoes.length === said.length) child.kill("SIGTERM");
    });
    expect((await closed)[0]).toBe(1001);
    expect(echoes).toEqual(said);
  });

  test("a request that is not understood is told so and harms nobody", async () => {
    const { url } = await start("collaboration");
    const statuses = await Promise.all([
      fetch(`${url}/api/collaboration/documents/x`, { method: "POST", body: "{" }),
      fetch(`${url}/api/collaboration/documents/x`, { method: "POST", body: "x".repeat(70_000) }),
      fetch(`${url}/nowhere`),
    ]).then((answers) => answers.map((answer) => answer.status));
    expect(statuses).toEqual([400, 413, 404]);
    expect((await fetch(`${url}/api/realtime/health`)).status).toBe(200);
  });

  test("the version that turns bad is good at first, and its health never tells", async () => {
    const bad = path.join(folder, "bad");
    await cp(path.join(examples, "services", "jobs"), bad, { recursive: true });
    await cp(path.join(examples, "versions", "turns-bad.js"), path.join(bad, "behaviour.js"));
    const { url } = await start("jobs", {}, bad);
    const statuses = new Set<number>();
    const deadline = Date.now() + 30_000;
    while (!statuses.has(500) && Date.now() < deadline) {
      statuses.add((await fetch(`${url}/api/ai/models`)).status);
      expect((await fetch(`${url}/api/ai/health`)).status).toBe(200);
    }
    expect([...statuses]).toEqual([200, 500]);
  });

  async function inFlight(url: string): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      const { running } = (await (await fetch(`${url}/api/workflow/jobs`)).json()) as { running: number };
      if (running > 0) return;
    }
    throw new Error("the job never started");
  }
});
