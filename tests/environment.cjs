"use strict";
// In plain Node the SDK takes the unhandled rejections of a program that runs, as handlers of the process. Jest gives each
// test file a process object of its own, on which such handlers are never called, and fails the file instead. Here they are
// called, and what they take is nobody else's; without any the rejection is Jest's, as ever.
const { TestEnvironment } = require("jest-environment-node");

module.exports = class extends TestEnvironment {
  take = (error, promise) => {
    try {
      if (this.global.process.emit("unhandledRejection", error, promise)) promise.catch(() => undefined);
    } catch {
      // a handler that throws it back has not taken it
    }
  };

  async handleTestEvent({ name }) {
    // Jest puts its own handlers in place of all others before this.
    if (name === "run_start") process.on("unhandledRejection", this.take);
    if (name === "run_finish") process.off("unhandledRejection", this.take);
  }
};
