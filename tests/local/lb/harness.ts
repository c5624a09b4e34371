/** A real load balancer process from `dist`, real services behind it, and the ways to ask both. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type Agent, createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { WebSocket, WebSocketServer } from "ws";
import {
  type LoadBalancerState,
  type RouteSpec,
  slotHeader,
  type TargetGroupSpec,
  type TeamStats,
} from "../../../local/api";
import { callJson } from "../../../local/http-json";
import { loadBalancerRecord, loadBalancerSocket } from "../../../local/paths";

const programOf = (kind: "lb" | "haproxy") => resolve(__dirname, `../../../dist/local/${kind}/main.js`);

export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (value) return value as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

const cleanups: (() => unknown)[] = [];
/** For `afterAll`: ends everything this file started, last first. */
export async function stopAll(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean();
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "lb-test-"));
  cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export interface Exit {
  code: number | null;
  stderr: string;
}

/** Runs the program to its end. */
export function runToExit(runtimeDir: string, port: number): Promise<Exit> {
  const child = spawn(process.execPath, [programOf("lb"), "--runtime-dir", runtimeDir, "--port", String(port)]);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((done) => child.on("close", (code) => done({ code, stderr })));
}

export class LoadBalancer {
  readonly runtimeDir = temporaryDirectory();
  readonly record = loadBalancerRecord(this.runtimeDir);
  readonly socket = loadBalancerSocket(this.runtimeDir);
  port = 0;
  private child: ChildProcess | null = null;
  private position = { epoch: 1, revision: 0 };

  constructor(private readonly kind: "lb" | "haproxy" = "lb") {
    // HAProxy is the process' own child: killed, the process could not end it.
    cleanups.push(() => this.stop(kind === "haproxy" ? "SIGTERM" : "SIGKILL"));
  }

  async start(): Promise<this> {
    const child = spawn(
      process.execPath,
      [programOf(this.kind), "--runtime-dir", this.runtimeDir, "--port", String(this.port)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    this.child = child;
    await new Promise<void>((ready, fail) => {
      child.stdout?.once("data", () => ready());
      child.once("exit", (code) => fail(new Error(`the load balancer ended with ${code}`)));
    });
    this.port = (await this.state()).listener.port;
    return this;
  }

  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
    child.kill(signal);
    return ended;
  }

  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return callJson<T>(this.socket, method, path, body, 5000);
  }

  state = () => this.call<LoadBalancerState>("GET", "/");
  stats = (team = "ai") => this.call<TeamStats>("GET", `/stats/${team}`);

  targetGroup(slot: string, port: number, more: Partial<TargetGroupSpec> = {}): Promise<unknown> {
    const team = more.team ?? "ai";
    return this.call("PUT", `/target-groups/${team}-${slot}`, targetGroup(team, slot, port, more));
  }

  /** Weights with the next revision. */
  weights(weights: Record<string, number>): Promise<RouteSpec> {
    this.position.revision += 1;
    return this.call("PUT", "/routes/ai", route(weights, this.position));
  }

  url = (path: string) => `http://127.0.0.1:${this.port}${path}`;
}

export const targetGroup = (
  team: string,
  slot: string,
  port: number,
  more: Partial<TargetGroupSpec> = {},
): TargetGroupSpec => ({
  team,
  slot,
  host: "127.0.0.1",
  port,
  health: { path: "/health", intervalMs: 50, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 2 },
  drainMs: 10_000,
  requestTimeoutMs: 5000,
  ...more,
});

export const route = (
  weights: Record<string, number>,
  position: { epoch: number; revision: number },
  more: Partial<RouteSpec> = {},
): RouteSpec => ({
  team: "ai",
  paths: ["/api/ai"],
  targetGroups: Object.fromEntries(Object.keys(weights).map((slot) => [slot, `ai-${slot}`])),
  weights,
  live: null,
  ...position,
  release: "test",
  ...more,
});

export interface Service {
  port: number;
  server: Server;
  sockets: Set<WebSocket>;
}

/** A service that says its name, echoes POSTs, and echoes WebSocket messages; `listener` may answer in its place. */
export async function startService(name: string, listener?: RequestListener): Promise<Service> {
  const usual: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => response.end(`${name} ${Buffer.concat(chunks)}`));
  };
  const server = createServer(listener ?? usual);
  const webSockets = new WebSocketServer({ server });
  webSockets.on("connection", (socket) => socket.on("message", (data, binary) => socket.send(data, { binary })));
  const port = await listenOn(server);
  cleanups.push(() => {
    for (const socket of webSockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { port, server, sockets: webSockets.clients };
}

/** A service of raw bytes: gets each connection. */
export async function startRaw(onConnection: (socket: Socket, count: number) => void): Promise<number> {
  let count = 0;
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    count += 1;
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
    onConnection(socket, count);
  });
  cleanups.push(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return listenOn(server);
}

const listenOn = (server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown }) =>
  new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port));
  });

export interface Answer {
  status: number;
  slot: string;
  text: string;
}

/** One request of a client that keeps its connections. Rejects when the connection breaks. */
export function send(url: string, agent: Agent, method: string, body: string): Promise<Answer> {
  return new Promise((done, fail) => {
    const outgoing = request(url, { method, agent }, (message) => {
      bodyOf(message).then(
        (text) => done({ status: message.statusCode ?? 0, slot: String(message.headers[slotHeader]), text }),
        fail,
      );
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace("http", "ws"));
  await new Promise((done, fail) => {
    socket.once("open", done);
    socket.once("error", fail);
  });
  return socket;
}

/** Sends bytes as they are and returns what came back until the connection ended, and how it ended. */
export function sendRaw(port: number, text: string): Promise<{ text: string; error: string | null }> {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text, "latin1"));
    let received = "";
    let error: string | null = null;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", (thrown: NodeJS.ErrnoException) => {
      error = thrown.code ?? thrown.message;
    });
    socket.on("end", () => socket.end());
    socket.on("close", () => done({ text: received, error }));
  });
}

export async function bodyOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message as AsyncIterable<Buffer>) text += chunk;
  return text;
}

if (!existsSync(programOf("lb"))) throw new Error(`${programOf("lb")} is missing: run npm run build`);
