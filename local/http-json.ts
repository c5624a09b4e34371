/** JSON over HTTP on a unix socket: the few lines of it that both daemons and their callers need. */
import { chmodSync, rmSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { prepareSocket } from "./paths";

/** An answer that is not 2xx, on either side of the socket. `facts` travel beside `error`, for example `{held: {epoch, revision}}`. */
export class JsonHttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "JsonHttpError";
  }
}

/** Nobody answered: no socket, nobody behind it, or no answer within the deadline. */
export class NoAnswerError extends Error {
  constructor(
    readonly socket: string,
    /** ENOENT and ECONNREFUSED: nobody is there; ETIMEDOUT: somebody is, and is stuck. */
    readonly code: string,
  ) {
    super(`no answer on ${socket} (${code})`);
    this.name = "NoAnswerError";
  }
}

export interface JsonRequest {
  method: string;
  /** Path segments, decoded: `/processes/a%2Fb` is `["processes", "a/b"]`. */
  path: string[];
  body: unknown;
}

const largestBody = 4 * 1024 * 1024;

async function readBody(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new JsonHttpError(413, "usage", "the body is too large");
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (cause) {
    throw new JsonHttpError(400, "usage", `the body is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

/** An answer that is not JSON: what Prometheus reads. */
export class TextAnswer {
  constructor(readonly text: string) {}
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const plain = value instanceof TextAnswer;
  const text = plain ? value.text : JSON.stringify(value ?? {});
  const type = plain ? "text/plain; version=0.0.4; charset=utf-8" : "application/json";
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function sendError(response: ServerResponse, thrown: unknown): void {
  if (thrown instanceof JsonHttpError)
    send(response, thrown.status, { ...thrown.facts, error: { code: thrown.code, message: thrown.message } });
  else {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    send(response, 500, { error: { code: "unexpected", message } });
  }
}

/**
 * Listens on a unix socket of mode 0600. `handle` returns the answer's body (JSON, or a `TextAnswer`) or throws a `JsonHttpError`.
 * The caller makes sure (by a lock) that no other live daemon has this socket: a file left over is removed.
 */
export async function serveJson(socket: string, handle: (request: JsonRequest) => unknown): Promise<Server> {
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(message.url ?? "/", "http://daemon");
    const path = pathname.split("/").filter(Boolean).map(decodeURIComponent);
    send(response, 200, await handle({ method: message.method ?? "GET", path, body: await readBody(message) }));
  };
  const server = createServer((message, response) => {
    answer(message, response).catch((thrown: unknown) => sendError(response, thrown));
  });
  prepareSocket(socket);
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => {
      server.off("error", reject);
      resolve();
    });
  });
  chmodSync(socket, 0o600);
  return server;
}

// Connections are kept, so that a call in the middle of a traffic switch does not pay for a new one.
const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });

/**
 * One call. Rejects with `JsonHttpError` (the daemon said no) or `NoAnswerError` (it said nothing).
 * Every call of both APIs may be sent twice, so a kept connection that the daemon just closed is worth a second try.
 */
export function callJson<T>(
  socket: string,
  method: string,
  path: string,
  body?: unknown,
  deadlineMs = 2000,
): Promise<T> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise<T>((resolve, reject) => {
    const outgoing = request({ socketPath: socket, method, path, agent, headers: headersOf(text) });
    let lastLook: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      // In a busy process the deadline can be noticed before an answer that is there already: that one is read first.
      lastLook = setImmediate(() => outgoing.destroy(new NoAnswerError(socket, "ETIMEDOUT")));
    }, deadlineMs);
    const endDeadline = () => {
      clearTimeout(timer);
      clearImmediate(lastLook);
    };
    outgoing.on("response", (message) => {
      const status = message.statusCode ?? 0;
      readBody(message)
        .then(
          (value) => (status >= 200 && status < 300 ? resolve(value as T) : reject(errorOf(status, value))),
          (thrown) => reject(thrown instanceof JsonHttpError ? thrown : new NoAnswerError(socket, "ECONNRESET")),
        )
        .finally(endDeadline);
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      endDeadline();
      if (error instanceof NoAnswerError) reject(error);
      else if (outgoing.reusedSocket) resolve(callJson<T>(socket, method, path, body, deadlineMs));
      else reject(new NoAnswerError(socket, error.code ?? error.message));
    });
    outgoing.end(text);
  });
}

const headersOf = (text: string | undefined) =>
  text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) };

function errorOf(status: number, value: unknown): JsonHttpError {
  const { error, ...facts } = (value ?? {}) as { error?: { code?: string; message?: string } } & Record<
    string,
    unknown
  >;
  return new JsonHttpError(status, error?.code ?? "unexpected", error?.message ?? `status ${status}`, facts);
}
