/** `npm run docs` writes what is generated; with `--check` it writes nothing and fails when something is stale. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { exitCodes } from "../errors";
import { generatedFiles } from "./index";

const stale = Object.entries(generatedFiles()).filter(
  ([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text,
);

if (process.argv.includes("--check")) {
  for (const [path] of stale) console.error(`${path} is stale: run \`npm run docs\` and commit it.`);
  if (stale.length > 0) process.exitCode = exitCodes.refused;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(path);
  }
}
