"use strict";
// The server's side of RFC 6455, as much as this service needs: text messages (fragmented too), ping, pong and close.
const { createHash } = require("node:crypto");

const handshakeGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const opcode = { continuation: 0, text: 1, close: 8, ping: 9, pong: 10 };
const messageLimit = 64 * 1024;
const closeWaitMs = 2_000;

function frame(code, payload) {
  const length = payload.length;
  const head = length < 126 ? Buffer.from([0x80 | code, length]) : Buffer.alloc(4);
  if (length >= 126) {
    head.writeUInt16BE(((0x80 | code) << 8) | 126, 0);
    head.writeUInt16BE(length, 2);
  }
  return Buffer.concat([head, payload]);
}

/** The first whole frame in `buffer`: {code, last, payload, size}; null: more is needed. Throws a close code. */
function parse(buffer) {
  if (buffer.length < 2) return null;
  const shortLength = buffer[1] & 0x7f;
  if ((buffer[1] & 0x80) === 0) throw 1002; // a client's frames are always masked
  if (shortLength === 127) throw 1009;
  const maskAt = shortLength === 126 ? 4 : 2;
  if (buffer.length < maskAt + 4) return null;
  const length = shortLength === 126 ? buffer.readUInt16BE(2) : shortLength;
  const size = maskAt + 4 + length;
  if (length > messageLimit) throw 1009;
  if (buffer.length < size) return null;
  const payload = Buffer.from(buffer.subarray(maskAt + 4, size));
  for (let i = 0; i < length; i++) payload[i] ^= buffer[maskAt + (i & 3)];
  return { code: buffer[0] & 0x0f, last: (buffer[0] & 0x80) !== 0, payload, size };
}

/** Answers the handshake; undefined: it was none. The connection calls `onMessage(text)` and, once, `onClose()`. */
function accept(request, rawSocket) {
  const key = request.headers["sec-websocket-key"];
  if (!key || request.headers["sec-websocket-version"] !== "13") return undefined;
  const proof = createHash("sha1")
    .update(key + handshakeGuid)
    .digest("base64");
  rawSocket.setNoDelay(true);
  rawSocket.setTimeout(0);
  rawSocket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${proof}\r\n\r\n`,
  );

  let buffer = Buffer.alloc(0);
  let fragments = [];
  let closing = false;
  const connection = {
    onMessage() {},
    onClose() {},
    send(text) {
      if (!closing) rawSocket.write(frame(opcode.text, Buffer.from(text)));
    },
    /** Says goodbye and waits for the other side's goodbye, for a while. */
    close(code, reason = "") {
      if (closing) return;
      closing = true;
      const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
      payload.writeUInt16BE(code, 0);
      payload.write(reason, 2);
      rawSocket.write(frame(opcode.close, payload));
      setTimeout(() => rawSocket.destroy(), closeWaitMs).unref();
    },
  };

  const handle = ({ code, last, payload }) => {
    if (code === opcode.ping) rawSocket.write(frame(opcode.pong, payload));
    if (code === opcode.close) {
      connection.close(payload.length >= 2 ? payload.readUInt16BE(0) : 1000);
      rawSocket.end();
    }
    if (code !== opcode.text && code !== opcode.continuation) return;
    fragments.push(payload);
    if (fragments.reduce((sum, part) => sum + part.length, 0) > messageLimit) throw 1009;
    if (!last) return;
    const text = Buffer.concat(fragments).toString("utf8");
    fragments = [];
    connection.onMessage(text);
  };

  rawSocket.on("data", (chunk) => {
    try {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
      for (let next = parse(buffer); next !== null; next = parse(buffer)) {
        buffer = buffer.subarray(next.size);
        handle(next);
      }
    } catch (error) {
      if (typeof error !== "number") throw error;
      connection.close(error);
    }
  });
  rawSocket.on("error", () => rawSocket.destroy());
  rawSocket.on("close", () => connection.onClose());
  return connection;
}

module.exports = { accept };
