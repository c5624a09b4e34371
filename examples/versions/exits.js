"use strict";
// Cannot start, and says why.
module.exports = {
  async beforeListening() {
    console.error("MODEL_KEY is not set; the service cannot start");
    process.exit(3);
  },
  health: () => [200, { status: "ok" }],
  async answer() {},
};
