"use strict";
// Good until it has served users for two seconds; then every answer is a 500, while health goes on saying ok.
const goodForMs = 2_000;
let firstUser;
module.exports = {
  async beforeListening() {},
  health: () => [200, { status: "ok" }],
  async answer() {
    firstUser ??= Date.now();
    return Date.now() - firstUser < goodForMs ? undefined : [500, { error: "the connection pool is exhausted" }];
  },
};
