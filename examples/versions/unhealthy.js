"use strict";
// Starts and listens, but what it depends on never comes up: health says so for ever.
module.exports = {
  async beforeListening() {},
  health: () => [503, { status: "waiting", reason: "the index is not built" }],
  async answer() {},
};
