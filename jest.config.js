/** Tests run from source through swc; what they spawn (driver, supervisor, load balancer) runs from `dist`, which `pretest` builds. */
module.exports = {
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  testEnvironment: "<rootDir>/tests/environment.cjs",
  testTimeout: 30_000,
  maxWorkers: 2,
};
