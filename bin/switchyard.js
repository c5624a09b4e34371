#!/usr/bin/env node
"use strict";
// The door to the CLI. It is plain JavaScript that any Node can read, so that a Node that is too old is told so,
// or replaced by the Node 24 that `npm ci` installs, before anything newer is loaded.
const path = require("node:path");
const fs = require("node:fs");
const { spawn } = require("node:child_process");
// the first with node:sqlite
const oldest = [22, 13];
const root = path.join(__dirname, "..");
const [major, minor] = process.versions.node.split(".").map(Number);
if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) {
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
      `switchyard: Node ${process.versions.node} is too old: it needs Node ${oldest.join(".")} or newer; install one, or run \`npm ci\` here, which brings Node 24.`,
    );
    process.exit(7);
  }
  const child = spawn(own, [__filename, ...process.argv.slice(2)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // a terminal's Ctrl-C reaches the child by itself, and a second one would mean "leave at once"
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("exit", (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code);
  });
}
