"use strict";
// Accepts connections and never answers.
module.exports = {
  async beforeListening() {
    setTimeout(() => {
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    }, 100);
  },
  health: () => [200, { status: "ok" }],
  async answer() {},
};
