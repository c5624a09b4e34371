/**
 * The import law that ARCHITECTURE.md draws: imports go down only, and a folder is entered by its door. Importing a type counts:
 * who needs another part's types depends on that part.
 */
const { readdirSync } = require("node:fs");
const { join } = require("node:path");

const parts = [
  "config",
  "store",
  "engine",
  "local",
  "kubernetes",
  "components",
  "branches",
  "health",
  "automation",
  "cli",
  "demo",
  "bench",
];
const inside = (...names) => `^(?:${names.join("|")})/`;

/** A part may use itself, packages and the parts named: nothing else of ours. */
const mayUse = (name, allowed, comment) => ({
  name: `${name}-may-use-${allowed.join("-and-") || "nothing-of-ours"}`,
  comment,
  severity: "error",
  from: { path: inside(name) },
  to: { path: [inside(...parts, "tests"), "^index[.]ts$"], pathNot: inside(name, ...allowed) },
});

/** Each folder that has an index.ts. */
const doors = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return doors(join(folder, entry.name));
    return entry.name === "index.ts" ? [folder] : [];
  });

/**
 * What two sides are built against, beside the door: files of types alone, and the pure state machine, whose state the journal
 * keeps.
 */
const contracts = [
  "automation/release/state",
  "automation/api",
  "engine/deployment/request",
  "local/api",
  "local/lb/control/plane",
];

/** Tests and measurements may look behind the door. */
const door = (folder) => ({
  name: `${folder.replaceAll("/", "-")}-has-one-door`,
  comment: `From outside, import ${folder} and not what is in it.`,
  severity: "error",
  from: { pathNot: [inside(folder), inside("tests", "bench")] },
  to: { path: inside(folder), pathNot: `^(?:${[`${folder}/index`, ...contracts].join("|")})[.]ts$` },
});

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    mayUse("config", [], "Everybody may use config, so config can use nobody."),
    mayUse("store", ["config"], "A record does not know what it is a record of."),
    mayUse("engine", ["config"], "The embedded engine runs any Pulumi program; it must not know this one."),
    mayUse("local", ["config"], "The runtime is told everything through Pulumi resources."),
    mayUse("kubernetes", ["config"], "The provider takes any object; it knows no slot and no team."),
    mayUse("components", ["config", "local", "kubernetes"], "Components say what exists; they drive nothing."),
    mayUse("branches", ["config", "store"], "Branches are git's: what runs where is nothing to them."),
    mayUse("health", ["config", "store"], "A check is asked; what it stands for is the caller's business."),
    mayUse(
      "automation",
      ["config", "store", "engine", "components", "branches"],
      "What the driver changes, it changes by Pulumi.",
    ),
    mayUse(
      "cli",
      ["config", "components", "branches", "health", "automation"],
      "Commands call the driver's API; `doctor` asks components.",
    ),
    {
      name: "only-the-local-platform-uses-local",
      comment: "Components are the same on every platform; what is local stands behind the platform interface.",
      severity: "error",
      from: { path: inside("components"), pathNot: inside("components/platforms/local") },
      to: { path: inside("local") },
    },
    {
      name: "only-the-kubernetes-platform-uses-kubernetes",
      comment: "As with local.",
      severity: "error",
      from: { path: inside("components"), pathNot: inside("components/platforms/kubernetes") },
      to: { path: inside("kubernetes") },
    },
    {
      name: "nothing-uses-cli",
      comment: "A command is a person's way in; programs use the driver's API.",
      severity: "error",
      from: { pathNot: inside("cli", "tests") },
      to: { path: inside("cli") },
    },
    {
      name: "the-program-uses-components",
      comment: "index.ts runs under the Pulumi CLI on the user's own Node: no driver, no engine.",
      severity: "error",
      from: { path: "^index[.]ts$" },
      to: { path: inside(...parts), pathNot: "^components/index[.]ts$" },
    },
    {
      name: "no-circles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "what-is-used-is-required",
      comment: "What a part uses is in the dependencies of package.json, and not among those for development.",
      severity: "error",
      from: { path: [inside(...parts), "^index[.]ts$"] },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown"] },
    },
    {
      name: "what-is-imported-is-there",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    ...parts.flatMap(doors).map(door),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: inside("dist", "coverage", "web", "examples", "tests/engine/golden") },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
