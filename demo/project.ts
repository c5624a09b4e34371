/** Where the project's own files are, whether this runs from source or from `dist/`. */
import { existsSync } from "node:fs";
import path from "node:path";

export function projectRoot(): string {
  let folder = __dirname;
  while (!existsSync(path.join(folder, "package.json"))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}
