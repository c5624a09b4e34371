/** The port that users' requests arrive at. */
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { answerOwn, badRequest, noRoute, noWeight } from "./answers";
import { maxHeaderBytes } from "./connections";
import { Exchange } from "./exchange";
import { upgradeHead } from "./headers";
import type { RouteTable } from "./routes";
import type { Target } from "./target";
import { Tunnel } from "./tunnel";

/** A client gets this long for a request's head: a bound on connections that say nothing. */
const headersTimeoutMs = 15_000;
/** And this long for the whole of it: uploads may be slow. */
const requestTimeoutMs = 3_600_000;
/** Longer than clients keep their connections, so that it is they who close. */
const keepAliveTimeoutMs = 75_000;
const connectionsCheckingIntervalMs = 5000;
const backlog = 1024;
const webSocketKeepAliveMs = 30_000;

const isWebSocket = (request: IncomingMessage): boolean => request.headers.upgrade?.toLowerCase() === "websocket";

/** `routes` is asked anew for each request: a change of weights holds from the next request on. */
export function createListener(routes: () => RouteTable): Server {
  const targetOf = (request: IncomingMessage, response: ServerResponse): { target: Target; path: string } | null => {
    const path = originForm(request.url ?? "/");
    if (path === null) {
      answerOwn(response, badRequest("the request's target is neither a path nor a URL"));
      return null;
    }
    const route = routes().find(path);
    if (route === undefined) {
      answerOwn(response, noRoute(path.split("?", 1)[0] as string));
      return null;
    }
    const target = route.next();
    if (target === null) {
      answerOwn(response, noWeight(route.spec.team));
      return null;
    }
    return { target, path };
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const found = targetOf(request, response);
    if (found !== null) new Exchange(found.target, request, response, found.path).start();
  };

  const onUpgrade = (request: IncomingMessage, client: Duplex, head: Buffer) => {
    // Until somebody listens to it, an error here would end the process.
    client.on("error", () => client.destroy());
    if (head.length > 0) client.unshift(head);
    const response = responseOn(request, client);
    if (!isWebSocket(request)) {
      // An offer of another protocol is not taken up (RFC 9110, 7.8): the request is answered in this one.
      if (hasBody(request)) answerOwn(response, badRequest("an upgrade with a body is not supported"));
      else onRequest(request, response);
      return;
    }
    const found = targetOf(request, response);
    if (found === null) return;
    const { target, path } = found;
    new Exchange(target, request, response, path, (headers, upstream) => {
      response.detachSocket(request.socket);
      request.socket.setKeepAlive(true, webSocketKeepAliveMs);
      client.write(upgradeHead(headers, target.spec.slot), "latin1");
      new Tunnel(target, client, upstream);
    }).start();
  };

  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      connectionsCheckingInterval: connectionsCheckingIntervalMs,
      // Node 22 has no such option: there, every offer arrives in `onUpgrade`.
      shouldUpgradeCallback: isWebSocket,
    },
    onRequest,
  );
  server.on("upgrade", onUpgrade);
  // The client waits for this word before it sends its body; the slot is not asked, it may refuse the body all the same.
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    onRequest(request, response);
  });
  server.on("connect", (request: IncomingMessage, client: Duplex) => {
    client.on("error", () => client.destroy());
    answerOwn(responseOn(request, client), { ...badRequest("CONNECT is not supported"), status: 405 });
  });
  server.on("clientError", (error: NodeJS.ErrnoException, client: Duplex) => {
    if (error.code === "ECONNRESET" || !client.writable) client.destroy();
    else client.end(refusedHead(error), () => client.destroy());
  });
  return server;
}

/** Resolves when it listens; rejects with Node's own error, `EADDRINUSE` for a port that is taken. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** An answer on a socket that Node has given out of its hands; the connection ends with it. */
function responseOn(request: IncomingMessage, client: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  response.on("finish", () => {
    response.detachSocket(request.socket);
    client.end(() => client.destroy());
  });
  return response;
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0";

/** "/a?b" as it is, "http://host/a?b" without its origin; null for "*" and what is no URL. */
function originForm(url: string): string | null {
  if (url.charCodeAt(0) === 47) return url;
  const match = /^https?:\/\/[^/?#]+(.*)$/i.exec(url);
  if (match === null) return null;
  const rest = match[1] as string;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function refusedHead(error: NodeJS.ErrnoException): string {
  const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
  const timedOut = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = tooLarge
    ? "431 Request Header Fields Too Large"
    : timedOut
      ? "408 Request Timeout"
      : "400 Bad Request";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\nX-Switchyard-Error: bad-request\r\n\r\n`;
}
