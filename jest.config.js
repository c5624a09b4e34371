/** Tests run from source through swc; what they spawn (driver, supervisor, load balancer) runs from `dist`, which `pretest` builds. */
module.exports = {
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  // on a real cluster: `npm run test:kubernetes`
  testPathIgnorePatterns: ["/node_modules/", "/tests/kubernetes/"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  testEnvironment: "<rootDir>/tests/environment.cjs",
  // What only hangs is ended; how fast a thing is, bench/ measures. A busy machine takes ten times as long as an idle one.
  testTimeout: 120_000,
  maxWorkers: 2,
};
