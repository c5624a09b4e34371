/** This package on disk: daemons always run from `dist` and on the project's own Node, whoever starts them and from where. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The folder of Switchyard's own package.json, from compiled files and from sources alike. */
function packageRoot(): string {
  let directory = __dirname;
  for (;;) {
    // `dist` may hold a copy of package.json; it is not the root.
    if (basename(directory) !== "dist" && existsSync(join(directory, "package.json"))) return directory;
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`no package.json above ${__dirname}`);
    directory = parent;
  }
}

export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return version;
}

/** The Node that `npm ci` brought, else the one that runs now. */
export function ownNode(): string {
  try {
    return require.resolve("node/bin/node", { paths: [packageRoot()] });
  } catch {
    return process.execPath;
  }
}

/** The compiled entry of a daemon. */
export function daemonEntry(daemon: "supervisor" | "lb" | "haproxy"): string {
  const entry = join(packageRoot(), "dist", "local", daemon, "main.js");
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run \`npm run build\` in ${packageRoot()}`);
  return entry;
}
