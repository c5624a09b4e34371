import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SwitchyardError } from "../config/errors";

const marker = "Pulumi.yaml";

/** The folder given, or else the nearest one upwards that has a Pulumi.yaml, by its one real name. Throws `usage`. */
export function projectFolder(given: string | undefined, from = process.cwd()): string {
  if (given !== undefined) {
    const folder = resolve(from, given);
    if (existsSync(join(folder, marker))) return realpathSync(folder);
    const found = statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? `has no ${marker}` : "is no folder";
    throw new SwitchyardError("usage", `--project: ${folder} ${found}.`, {
      next: `Name the folder that holds the project's ${marker}.`,
      facts: { folder },
    });
  }
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, marker))) return realpathSync(folder);
    if (folder === dirname(folder)) break;
  }
  throw new SwitchyardError("usage", `Neither ${resolve(from)} nor a folder above it has a ${marker}.`, {
    next: "Go to the project's folder, or name it with --project.",
    facts: { from: resolve(from) },
  });
}
