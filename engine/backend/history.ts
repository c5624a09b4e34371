import { join } from "node:path";
import { EngineFailure } from "../failure";
import { copyAs, listNames, readText, replaceFile } from "./files";
import type { Backend, StackId } from "./location";
import { checkpointPath } from "./stacks";

/** A config value as it lies in files: a string, or `{secure}`, or any YAML value with `{secure}` inside. */
export type StoredConfig = Record<string, unknown>;

/** One finished operation, in Pulumi's own words and order of fields. Times in unix seconds. */
export interface HistoryRecord {
  kind: "update" | "refresh" | "destroy";
  startTime: number;
  message: string;
  environment: Record<string, string>;
  config: StoredConfig;
  version: 0;
  result: "succeeded" | "failed";
  endTime: number;
  resourceChanges: Record<string, number>;
}

const suffix = ".history.json";
const folderOf = (backend: Backend, id: StackId): string => join(backend.root, "history", id.project, id.stack);

/** Records an operation with a copy of the checkpoint it left, and one more copy under `backups/`. */
export function appendHistory(
  backend: Backend,
  id: StackId,
  record: HistoryRecord,
  { unixNanos, backups }: { unixNanos: bigint; backups: boolean },
): void {
  const checkpoint = checkpointPath(backend, id);
  if (backups) copyAs(checkpoint, join(backend.root, "backups", id.project, id.stack, `${id.stack}.${unixNanos}.json`));
  const stem = join(folderOf(backend, id), `${id.stack}-${unixNanos}`);
  replaceFile(`${stem}${suffix}`, JSON.stringify(record));
  copyAs(checkpoint, `${stem}.checkpoint.json`);
}

/** Newest first. */
export function readHistory(
  backend: Backend,
  id: StackId,
  page: { size: number; number: number } | undefined,
): HistoryRecord[] {
  const names = listNames(folderOf(backend, id))
    .filter((name) => name.endsWith(suffix))
    .reverse();
  const start = page === undefined ? 0 : (page.number - 1) * page.size;
  return names.slice(start, page === undefined ? undefined : start + page.size).map((name) => {
    const path = join(folderOf(backend, id), name);
    try {
      return JSON.parse(readText(path) ?? "");
    } catch (thrown) {
      throw new EngineFailure(`could not read ${path}: it is not JSON`, 1, thrown);
    }
  });
}

/** Gives a renamed stack its history. */
export function moveHistory(backend: Backend, id: StackId, newStack: string): void {
  const to = folderOf(backend, { project: id.project, stack: newStack });
  for (const name of listNames(folderOf(backend, id))) {
    copyAs(join(folderOf(backend, id), name), join(to, newStack + name.slice(id.stack.length)));
  }
}
