#!/usr/bin/env node
"use strict";
// The door to the CLI. It is plain JavaScript that any Node can read, so that a Node that is too old is told so,
// or replaced by the Node 24 that `npm ci` installs, before anything newer is loaded.
const path = require("node:path");
const fs = require("node:fs");
const { spawn } = require("node:child_process");
const oldest = 22;
const root = path.join(__dirname, "..");
if (Number(process.versions.node.split(".")[0]) >= oldest) {
  // halves the start: most of it is compiling the Pulumi SDK
  require("node:module").enableCompileCache?.();
  require(path.join(root, "dist", "cli", "main.js"));
} else {
  let own;
  try {
    own = require.resolve("node/bin/node", { paths: [root] });
  } catch {
    own = undefined;
  }
  if (!own || !fs.existsSync(own)) {
    console.error(
      `switchyard: Node ${process.versions.node} is too old: it needs Node ${oldest} or newer; install one, or run \`npm ci\` here, which brings Node 24.`,
    );
    process.exit(78);
  }
  const child = spawn(own, [__filename, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code);
  });
}
