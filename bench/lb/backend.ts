/** The service behind every balancer of the bench: a small JSON answer, and a WebSocket that echoes. Its port is in PORT, its name in SLOT. */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const body = Buffer.from(JSON.stringify({ slot: process.env.SLOT, status: "ok", text: "x".repeat(100) }));
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  response.end(body);
});
new WebSocketServer({ server }).on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
server.listen(Number(process.env.PORT), "127.0.0.1");
process.on("disconnect", () => process.exit());
