"use strict";
// What a version does when it is asked. Other versions of the example replace this file.
module.exports = {
  /** Before the port is opened. */
  async beforeListening() {},
  /** The answer of the health endpoints: [status, body]. */
  health: () => [200, { status: "ok" }],
  /** An answer in place of the route's own: [status, body]; undefined: the route answers. */
  async answer() {},
};
