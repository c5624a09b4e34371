/** `npm run test:kubernetes`: tests on a real API server, one for the whole run. Without it nothing runs and the run fails. */
const all = require("../../jest.config.js");

module.exports = {
  ...all,
  rootDir: "../..",
  roots: ["<rootDir>/tests/kubernetes"],
  testPathIgnorePatterns: ["/node_modules/"],
  globalSetup: "<rootDir>/tests/kubernetes/setup.ts",
  globalTeardown: "<rootDir>/tests/kubernetes/teardown.ts",
};
