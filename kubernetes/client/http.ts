/** One API server, spoken to over TLS with a kubeconfig's credentials. */
import { setTimeout as wait } from "node:timers/promises";
import { Agent, request } from "undici";
import { messageOf, SwitchyardError } from "../../config/errors";
import { type Identify, type Identity, identifyBy } from "./credentials";
import { ApiFailure, type Status } from "./failure";
import type { ClusterAccess } from "./kubeconfig";

export interface Call {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  contentType?: string;
  /** What the answer is; JSON unless said. */
  answer?: "text";
}

const answerDeadlineMs = 30_000;
/** More at once do not make a server faster, and each costs a handshake. */
const connections = 16;
const firstPauseMs = 100;
const longestPauseMs = 2_000;

export class ApiServer {
  readonly #access: ClusterAccess;
  readonly #identify: Identify;
  readonly #patienceMs: number;
  #agent: { dispatcher: Agent; cert: string | undefined } | undefined;

  /** @param patienceMs a server that restarts or throttles is asked again for so long; what it refuses, it refuses at once. */
  constructor(access: ClusterAccess, patienceMs = 20_000) {
    this.#access = access;
    this.#patienceMs = patienceMs;
    this.#identify = identifyBy(access);
  }

  get context(): string {
    return this.#access.context;
  }

  get namespace(): string {
    return this.#access.namespace;
  }

  /**
   * The answer's JSON. Throws `ApiFailure`, or `cluster-unreachable` when the server was not there for that long. A call is sent
   * again only where that cannot do it twice: reads, and writes that the server says it has not begun, or that are the same
   * when done twice.
   */
  async call<T>(call: Call): Promise<T> {
    const deadline = Date.now() + this.#patienceMs;
    let pauseMs = firstPauseMs;
    let afresh = false;
    for (;;) {
      const answer = await this.#once(call, afresh);
      if (answer.kind === "answer" && answer.status < 300) return answer.body as T;
      if (answer.kind === "answer" && answer.status === 401 && !afresh) {
        afresh = true;
        continue;
      }
      const failure = this.#failureOf(answer);
      const again = answer.kind === "answer" ? answer.status === 429 || answer.status === 503 : repeatable(call);
      if (!again || Date.now() + pauseMs > deadline) throw failure;
      const asked = answer.kind === "answer" ? answer.retryAfterMs : 0;
      await wait(Math.min(Math.max(pauseMs, asked), longestPauseMs));
      pauseMs *= 2;
    }
  }

  /** Ends the connections that are kept for later calls. */
  async close(): Promise<void> {
    await this.#agent?.dispatcher.close();
    this.#agent = undefined;
  }

  async #once(call: Call, afresh: boolean): Promise<Answer> {
    const identity = await this.#identify(afresh);
    const { method, path, query, body, contentType = "application/json" } = call;
    try {
      const answer = await request(this.#access.server + path, {
        method,
        dispatcher: this.#dispatcher(identity),
        headersTimeout: answerDeadlineMs,
        bodyTimeout: answerDeadlineMs,
        headers: {
          accept: "application/json",
          "user-agent": "switchyard",
          ...(identity.token !== undefined && { authorization: `Bearer ${identity.token}` }),
          ...(body !== undefined && { "content-type": contentType }),
        },
        ...(query !== undefined && { query }),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      const retryAfterMs = Number(answer.headers["retry-after"] ?? 0) * 1000 || 0;
      const plain = call.answer === "text" && answer.statusCode < 300;
      return { kind: "answer", status: answer.statusCode, body: plain ? text : jsonOf(text), retryAfterMs };
    } catch (error) {
      return { kind: "none", error };
    }
  }

  #dispatcher({ cert, key }: Identity): Agent {
    if (this.#agent === undefined || this.#agent.cert !== cert) {
      const connect = { ...this.#access.tls, ...(cert !== undefined && { cert, key }), timeout: 10_000 };
      this.#agent = { dispatcher: new Agent({ connect, connections }), cert };
    }
    return this.#agent.dispatcher;
  }

  #failureOf(answer: Answer): SwitchyardError {
    if (answer.kind === "answer") return new ApiFailure(answer.status, answer.body as Status, this.context);
    const { server, context } = this.#access;
    const why = messageOf(answer.error);
    return new SwitchyardError(
      "cluster-unreachable",
      `The API server ${server} of context ${context} does not answer: ${why}.`,
      {
        facts: { server, context },
        cause: answer.error,
      },
    );
  }
}

type Answer =
  | { kind: "answer"; status: number; body: unknown; retryAfterMs: number }
  | { kind: "none"; error: unknown };

/** A server-side apply, done twice, is done once; so is a delete. */
const repeatable = ({ method, contentType }: Call): boolean =>
  method === "GET" || method === "DELETE" || contentType === applyType;

export const applyType = "application/apply-patch+yaml";

/** Not every answer of a server that starts or of a proxy before it is JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { message: text.trim().slice(0, 300) };
    throw error;
  }
}
