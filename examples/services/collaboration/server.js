"use strict";
// The collaboration service: documents over HTTP, presence and echo over a WebSocket.
const { serve, identity, HttpError } = require("./service");
const { openDocuments } = require("./documents");
const { accept } = require("./websocket");
const { features } = require("./version.json");

const documents = openDocuments(process.env.DATABASE_FILE);
const sockets = new Set();

function announce() {
  for (const socket of sockets) socket.send(JSON.stringify({ type: "presence", here: sockets.size }));
}

function onUpgrade(request, rawSocket) {
  const socket = request.url.split("?", 1)[0] === "/api/realtime/socket" ? accept(request, rawSocket) : undefined;
  if (!socket) {
    rawSocket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    return;
  }
  sockets.add(socket);
  socket.onMessage = (text) => socket.send(JSON.stringify({ type: "echo", text, ...identity, here: sockets.size }));
  socket.onClose = () => sockets.delete(socket);
  socket.send(JSON.stringify({ type: "welcome", ...identity, features }));
}

// One announcement a second at most, however many people come and go.
let announced = 0;
setInterval(() => {
  if (sockets.size === announced) return;
  announced = sockets.size;
  announce();
}, 1_000).unref();

serve({
  health: ["/api/realtime/health", "/api/collaboration/status"],
  routes: {
    "GET /api/collaboration/documents/:id": ({ id }) => {
      const document = documents.read(id);
      if (!document) throw new HttpError(404, `there is no document ${id}`);
      return [200, document];
    },
    "POST /api/collaboration/documents/:id": ({ id, body }) => {
      if (typeof body.text !== "string") throw new HttpError(422, "a document needs a text");
      return [200, documents.write(id, body.text)];
    },
    "GET /api/realtime/presence": () => [200, { here: sockets.size, features }],
  },
  onUpgrade,
  onEnd: () => {
    for (const socket of sockets) socket.close(1001, "this version is going away");
  },
});
