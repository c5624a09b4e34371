/** A balancer as one writes it with the npm package http-proxy-3. PEERS_DIR holds the package; a message says which target is live. */
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The part of the package's API that is used here. */
interface ProxyServer {
  web(request: IncomingMessage, response: ServerResponse, options: { target: string }): void;
  ws(request: IncomingMessage, socket: unknown, head: Buffer, options: { target: string }): void;
  on(event: "error", listener: (error: Error, request: IncomingMessage, response: unknown) => void): void;
}
const load = createRequire(join(process.env.PEERS_DIR ?? "", "package.json"));
const { createProxyServer } = load("http-proxy-3") as { createProxyServer(options: object): ProxyServer };

const targets = (process.env.TARGETS ?? "").split(",");
let target = targets[0] as string;
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true }), xfwd: true });
proxy.on("error", (_error, _request, response) => {
  const answer = response as Partial<ServerResponse>;
  if (answer.writeHead !== undefined && answer.headersSent === false) answer.writeHead(502);
  answer.end?.();
});
const server = createServer((request, response) => proxy.web(request, response, { target }));
server.on("upgrade", (request, socket, head) => proxy.ws(request, socket, head, { target }));
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("message", (live: number) => {
  target = targets[live] as string;
  process.send?.("done");
});
process.on("disconnect", () => process.exit());
