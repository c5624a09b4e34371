/** Headers on their way through: end-to-end ones pass as they were written, hop-by-hop ones (RFC 9110, 7.6.1) stay behind. */
import type { IncomingMessage } from "node:http";
import { slotHeader } from "../../api";

/** Decides by length first: most names are never lower-cased, and this runs for each header of each request. */
function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === "te";
    case 6:
      return name.toLowerCase() === "expect";
    case 7:
      return name.toLowerCase() === "upgrade";
    case 10: {
      const lower = name.toLowerCase();
      return lower === "connection" || lower === "keep-alive";
    }
    case 16:
      return name.toLowerCase() === "proxy-connection";
    case 17:
      return name.toLowerCase() === "transfer-encoding";
    case 18:
      return name.toLowerCase() === "proxy-authenticate";
    case 19:
      return name.toLowerCase() === "proxy-authorization";
    default:
      return false;
  }
}

/** The load balancer's own word about where a request came from; what a client says there is not passed on. */
function isOwn(name: string): boolean {
  if (name.length < 15 || name.length > 17) return false;
  const lower = name.toLowerCase();
  return lower === "x-forwarded-for" || lower === "x-forwarded-host" || lower === "x-forwarded-proto";
}

/** Header names that a `Connection` header declares hop-by-hop; null for the usual `keep-alive`, `close` and `upgrade`. */
function namedByConnection(value: string | undefined): Set<string> | null {
  if (value === undefined || value.length < 6) return null;
  const lower = value.toLowerCase();
  if (lower === "keep-alive" || lower === "close" || lower === "upgrade") return null;
  return new Set(lower.split(",").map((token) => token.trim()));
}

/**
 * The header list for the slot. `Host` is kept. `X-Forwarded-For` is the list the client sent with its address added,
 * `-Proto` and `-Host` are the load balancer's own.
 */
export function requestHeaders(request: IncomingMessage): string[] {
  const raw = request.rawHeaders;
  const { headers } = request;
  const named = namedByConnection(headers.connection);
  const out: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (isHopByHop(name) || isOwn(name) || named?.has(name.toLowerCase())) continue;
    out.push(name, raw[i + 1] as string);
  }
  const before = headers["x-forwarded-for"];
  const address = request.socket.remoteAddress ?? "unknown";
  out.push("X-Forwarded-For", before === undefined ? address : `${before}, ${address}`, "X-Forwarded-Proto", "http");
  if (headers.host !== undefined) out.push("X-Forwarded-Host", headers.host);
  return out;
}

export interface AnswerHeaders {
  /** Names and values in turn, as `writeHead` takes them. */
  list: string[];
  /** -1: not said. */
  contentLength: number;
}

/** The header list for the client, with the slot's name. A slot cannot speak for another one: its own such header is dropped. */
export function answerHeaders(raw: Buffer[], slot: string): AnswerHeaders {
  const list: string[] = [];
  let contentLength = -1;
  let named: Set<string> | null = null;
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString("latin1");
    const value = (raw[i + 1] as Buffer).toString("latin1");
    if (name.length === 10 && name.toLowerCase() === "connection") named = namedByConnection(value);
    if (isHopByHop(name) || (name.length === slotHeader.length && name.toLowerCase() === slotHeader)) continue;
    if (name.length === 14 && name.toLowerCase() === "content-length") contentLength = Number(value);
    list.push(name, value);
  }
  if (named !== null) dropNamed(list, named);
  list.push(slotHeader, slot);
  return { list, contentLength };
}

function dropNamed(list: string[], named: Set<string>): void {
  for (let i = list.length - 2; i >= 0; i -= 2) if (named.has((list[i] as string).toLowerCase())) list.splice(i, 2);
}

/** The head of a `101` answer, which keeps its hop-by-hop headers: the hop is what was agreed on. */
export function upgradeHead(raw: Buffer[], slot: string): string {
  let head = "HTTP/1.1 101 Switching Protocols\r\n";
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString("latin1");
    if (name.toLowerCase() !== slotHeader) head += `${name}: ${(raw[i + 1] as Buffer).toString("latin1")}\r\n`;
  }
  return `${head}${slotHeader}: ${slot}\r\n\r\n`;
}
