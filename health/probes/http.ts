/**
 * Asks by HTTP or HTTPS, on a connection of its own each time: what is measured is what a new user meets. Whatever the
 * target does, one probe reads a limited number of bytes until its deadline.
 */
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { performance } from "node:perf_hooks";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { Probe, Result } from "../check";
import { bodyFault } from "./body";
import { type CertificateSpec, certificateResult } from "./certificate";
import { combined, result, timed } from "./results";

export interface HttpSpec {
  url: string;
  method?: "GET" | "HEAD";
  headers?: Record<string, string>;
  /** Answers that are good; without, 200 to 299. */
  status?: number[];
  /** Header -> text that its value contains. */
  expectHeaders?: Record<string, string>;
  /** Text that the body contains. */
  contains?: string;
  /** Path in the JSON body, like `checks.database[0].status` -> the value there. */
  json?: Record<string, unknown>;
  /** How many redirects are followed; they must stay on the same host. Without, none: a redirect is an answer like others. */
  redirects?: number;
  slowAfterMs?: number;
  certificate?: CertificateSpec;
}

/** A body that a check looks into may be this large. */
const largestBody = 1 << 20;

export const httpProbe =
  (spec: HttpSpec): Probe =>
  async (signal) => {
    const began = performance.now();
    let url = new URL(spec.url);
    for (let followed = 0; ; followed++) {
      const answer = await exchange(url, spec, signal);
      const next = redirectOf(answer, url);
      if (next === undefined || spec.redirects === undefined)
        return judged(spec, url, answer, performance.now() - began);
      if (followed >= spec.redirects)
        return result("fail", `redirected more than ${spec.redirects} times, last to ${bare(next)}`);
      if (next.hostname !== url.hostname || !/^https?:$/.test(next.protocol))
        return result("fail", `redirected to another host, ${bare(next)}`);
      url = next;
    }
  };

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
  /** There is more than the probe reads. */
  cut: boolean;
  certificate: PeerCertificate | undefined;
}

function exchange(url: URL, spec: HttpSpec, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === "https:";
    const options = {
      method: spec.method ?? "GET",
      agent: false,
      signal,
      headers: { "user-agent": "switchyard-health", accept: "*/*", connection: "close", ...spec.headers },
    };
    let certificate: PeerCertificate | undefined;
    const outgoing = secure
      ? secureRequest(url, { ...options, ...(spec.certificate?.ca && { ca: spec.certificate.ca }) })
      : plainRequest(url, options);
    if (secure) {
      outgoing.on("socket", (socket) =>
        socket.once("secureConnect", () => {
          certificate = (socket as TLSSocket).getPeerCertificate();
        }),
      );
    }
    outgoing.on("error", (error: NodeJS.ErrnoException) =>
      reject(new Error(failureText(url, error), { cause: error })),
    );
    outgoing.on("response", (message) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = (cut: boolean) => {
        resolve({
          status: message.statusCode ?? 0,
          headers: message.headers,
          body: Buffer.concat(chunks),
          cut,
          certificate,
        });
        outgoing.destroy();
      };
      message.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > largestBody) return done(true);
        chunks.push(chunk);
      });
      message.on("end", () => done(false));
      message.on("error", (error) => reject(new Error(`broke off its answer: ${error.message}`, { cause: error })));
    });
    outgoing.end();
  });
}

function judged(spec: HttpSpec, url: URL, answer: Answer, ms: number): Result {
  const { status } = answer;
  const words = `${spec.method ?? "GET"} ${url.pathname} answered ${status}`;
  const good = spec.status ? spec.status.includes(status) : status >= 200 && status <= 299;
  if (!good) return result("fail", words);
  for (const [name, expected] of Object.entries(spec.expectHeaders ?? {})) {
    const found = answer.headers[name.toLowerCase()];
    if (found === undefined || !String(found).includes(expected))
      return result(
        "fail",
        `${words}, and its header ${name} ${found === undefined ? "is not there" : "is another one"}`,
      );
  }
  const fault = bodyFault(spec, answer.body, answer.cut);
  if (fault !== undefined) return result("fail", `${words}, and ${fault}`);
  const time = timed(ms, spec.slowAfterMs, words);
  if (answer.certificate === undefined) return time;
  return combined([time, certificateResult(answer.certificate, spec.certificate ?? {}, Date.now())]);
}

function redirectOf({ status, headers }: Answer, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
  return URL.canParse(headers.location, from.href) ? new URL(headers.location, from) : undefined;
}

/** A query may hold what is nobody's business. */
const bare = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

function failureText(url: URL, error: NodeJS.ErrnoException): string {
  if (error.code === "ECONNREFUSED") return `nobody listens on ${url.host}`;
  if (error.code === "ENOTFOUND") return `the name ${url.hostname} is not known`;
  return `${url.host}: ${error.message || error.code}`;
}
