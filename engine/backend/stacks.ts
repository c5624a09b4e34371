import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { EngineFailure, notSupported } from "../failure";
import { copyAs, listNames, readText, removeFile, removeFolder, removeTemporaries, replaceFile } from "./files";
import type { Backend, StackId } from "./location";

/** The files of stacks: checkpoint, its backup, tags. What is in them is for others to know. */

const folderOf = (backend: Backend, id: StackId): string => join(backend.root, "stacks", id.project);

export const checkpointPath = (backend: Backend, id: StackId): string =>
  join(folderOf(backend, id), `${id.stack}.json`);

const tagsPath = (backend: Backend, id: StackId): string => join(folderOf(backend, id), `${id.stack}.pulumi-tags`);

/** The checkpoint's text; undefined: no such stack. */
export function readCheckpointText(backend: Backend, id: StackId): string | undefined {
  refuseOtherLayouts(backend);
  for (const extension of ["json.gz", "json.zst"]) {
    const compressed = join(folderOf(backend, id), `${id.stack}.${extension}`);
    if (existsSync(compressed)) throw notSupported(`the compressed checkpoint ${compressed}`);
  }
  return readText(checkpointPath(backend, id));
}

export const stackExists = (backend: Backend, id: StackId): boolean => readCheckpointText(backend, id) !== undefined;

/** Replaces the checkpoint and keeps the previous one as `.bak`. `fence` runs right before it becomes visible. */
export function writeCheckpointText(backend: Backend, id: StackId, text: string, fence?: () => void): void {
  const meta = join(backend.root, "meta.yaml");
  if (!existsSync(meta)) replaceFile(meta, "version: 1\n");
  const path = checkpointPath(backend, id);
  replaceFile(path, text, { backup: `${path}.bak`, beforeRename: fence });
}

/** Clears away what a killed operation left half-written. The caller holds the stack's lock. */
export function removeLeftovers(backend: Backend, id: StackId): void {
  const path = checkpointPath(backend, id);
  removeTemporaries(path);
  removeTemporaries(`${path}.bak`);
}

/** Removes the stack with its history; as with the CLI a copy of its last checkpoint stays as `.bak`. */
export function removeStackFiles(backend: Backend, id: StackId): void {
  const path = checkpointPath(backend, id);
  copyAs(path, `${path}.bak`);
  removeFile(path);
  removeFile(tagsPath(backend, id));
  removeFolder(join(backend.root, "history", id.project, id.stack));
}

/** Stacks of one project, or of all. */
export function listStacks(backend: Backend, project: string | undefined): StackId[] {
  refuseOtherLayouts(backend);
  const projects = project === undefined ? listNames(join(backend.root, "stacks")) : [project];
  return projects.flatMap((name) =>
    listNames(join(backend.root, "stacks", name))
      .filter((file) => file.endsWith(".json"))
      .map((file) => ({ project: name, stack: file.slice(0, -".json".length) })),
  );
}

export function readTags(backend: Backend, id: StackId): Record<string, string> {
  const text = readText(tagsPath(backend, id));
  if (text === undefined) return {};
  try {
    return Object(JSON.parse(text).tags);
  } catch (thrown) {
    throw new EngineFailure(`could not read ${tagsPath(backend, id)}: it is not JSON`, 1, thrown);
  }
}

export function writeTags(backend: Backend, id: StackId, tags: Record<string, string>): void {
  if (Object.keys(tags).length === 0) removeFile(tagsPath(backend, id));
  else replaceFile(tagsPath(backend, id), JSON.stringify({ version: 1, tags }));
}

/** Newer layouts, and the one before projects there were: checkpoints lay flat in `stacks/` and `meta.yaml` was not yet. */
function refuseOtherLayouts(backend: Backend): void {
  const meta = readText(join(backend.root, "meta.yaml"));
  if (meta !== undefined) {
    const version = /^version:(.*)$/m.exec(meta)?.[1]?.trim();
    if (version === "1") return;
    throw new EngineFailure(
      `state store unsupported: 'meta.yaml' version (${version ?? "unknown"}) is not supported by the embedded engine`,
    );
  }
  const folder = join(backend.root, "stacks");
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return;
  if (readdirSync(folder).some((name) => name.endsWith(".json"))) {
    throw new EngineFailure(
      `${backend.url} has Pulumi's old layout without projects; upgrade it with \`pulumi state upgrade\` first`,
    );
  }
}
