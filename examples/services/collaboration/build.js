"use strict";
// The build of the example: every file must parse, and what was built is written down with its hash.
const { createHash } = require("node:crypto");
const { readFileSync, readdirSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");

const built = {};
for (const name of readdirSync(__dirname)
  .filter((file) => file.endsWith(".js"))
  .sort()) {
  const source = readFileSync(`${__dirname}/${name}`, "utf8");
  new Script(`(function (exports, require, module) {${source}\n})`, { filename: name });
  built[name] = createHash("sha256").update(source).digest("hex");
}
writeFileSync(`${__dirname}/build.json`, `${JSON.stringify(built, null, 2)}\n`);
console.log(`built ${Object.keys(built).length} files`);
