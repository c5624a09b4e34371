"use strict";
// Something answers on the port, but it does not speak HTTP.
const { createServer } = require("node:net");
module.exports = {
  beforeListening() {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end("\u0000\u0007 it works! \u0001\r\n");
    });
    server.listen(Number(process.env.PORT), process.env.HOST);
    return new Promise(() => {});
  },
  health: () => [200, { status: "ok" }],
  async answer() {},
};
