"use strict";
// Good until it has served users for two seconds; then every answer takes 1.5 seconds, while health goes on saying ok.
const { setTimeout: sleep } = require("node:timers/promises");
const goodForMs = 2_000;
let firstUser;
module.exports = {
  async beforeListening() {},
  health: () => [200, { status: "ok" }],
  async answer() {
    firstUser ??= Date.now();
    if (Date.now() - firstUser >= goodForMs) await sleep(1_500);
  },
};
