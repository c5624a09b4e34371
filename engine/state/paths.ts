import type { Json, PropertyMap } from "./types";
import { equalValues, isObject, isSecret } from "./values";

/** A parsed property path: `a.b[0]["c d"].*` is `["a", "b", 0, "c d", "*"]`. */
export type Path = (string | number)[];

/** @returns undefined where the text is not a path. */
function parsePath(text: string): Path | undefined {
  const path: Path = [];
  let rest = text;
  while (rest !== "") {
    const match =
      /^\["((?:[^"\\]|\\.)*)"\]\.?/.exec(rest) ?? /^\[(\d+|\*)\]\.?/.exec(rest) ?? /^([^.[\]]+)\.?/.exec(rest);
    const [whole, part] = match ?? [];
    if (whole === undefined || part === undefined) return undefined;
    path.push(/^\[\d/.test(whole) ? Number(part) : part.replaceAll('\\"', '"'));
    rest = rest.slice(whole.length);
  }
  return path;
}

const child = (value: Json | undefined, key: string | number): Json | undefined =>
  Array.isArray(value) ? value[key as number] : isObject(value) ? value[String(key)] : undefined;

const keysOf = (value: Json | undefined): (string | number)[] =>
  Array.isArray(value) ? [...value.keys()] : isObject(value) ? Object.keys(value) : [];

/**
 * New inputs with the old ones kept at each ignored path. Where an element of a list, or what leads to an old value, is on
 * one side only, there is nothing to keep: such paths come back as `unkept`.
 * @throws Error for a text that is not a path.
 */
export function ignoreChanges(
  news: PropertyMap,
  olds: PropertyMap,
  ignored: readonly string[],
): { inputs: PropertyMap; unkept: string[] } {
  if (ignored.length === 0) return { inputs: news, unkept: [] };
  const inputs = structuredClone(news);
  const unkept = ignored.filter((text) => {
    const path = parsePath(text);
    if (path === undefined) throw new Error(`failed to parse ignoreChanges path '${text}'`);
    return !keep(olds, inputs, path);
  });
  return { inputs, unkept };
}

const opened = (value: Json | undefined): Json | undefined => (isSecret(value) ? opened(value.value) : value);

/** Changes `next` in place. @returns whether it could be done. */
function keep(oldValue: Json | undefined, nextValue: Json | undefined, [key, ...rest]: Path): boolean {
  const old = opened(oldValue);
  const next = opened(nextValue);
  if (key === undefined) return true;
  if (key === "*") return keepAll(old, next, rest);
  return typeof key === "number" ? keepItem(old, next, key, rest) : keepProperty(old, next, key, rest);
}

function keepProperty(old: Json | undefined, next: Json | undefined, key: string, rest: Path): boolean {
  const before = child(old, key);
  if (rest.length > 0) return keep(before, child(next, key), rest);
  if (!isObject(next)) return before === undefined;
  if (before === undefined) delete next[key];
  else next[key] = before;
  return true;
}

function keepItem(old: Json | undefined, next: Json | undefined, index: number, rest: Path): boolean {
  const before = Array.isArray(old) ? old[index] : undefined;
  const after = Array.isArray(next) ? next[index] : undefined;
  // To the CLI the place just past the end of the old list is one that was removed.
  if (before === undefined || after === undefined) {
    return before === after && !(Array.isArray(old) && index === old.length);
  }
  if (rest.length > 0) return keep(before, after, rest);
  if (Array.isArray(next)) next[index] = before;
  return true;
}

function keepAll(old: Json | undefined, next: Json | undefined, rest: Path): boolean {
  if (Array.isArray(old) || Array.isArray(next)) {
    if (old === undefined) return true;
    const indexes = [...Array(Math.max(keysOf(old).length, keysOf(next).length)).keys()];
    return indexes.map((index) => keepItem(old, next, index, rest)).every(Boolean);
  }
  const keys = new Set([...keysOf(old), ...keysOf(next)].map(String));
  // Inside of what is only on one side there is nothing to keep, and then nothing is.
  if (rest.length > 0 && (keys.size !== keysOf(old).length || keys.size !== keysOf(next).length)) return false;
  return [...keys].map((key) => keepProperty(old, next, key, rest)).every(Boolean);
}

/** The paths of what differs; what is on one side only is one difference, however much is in it. */
export function changedPaths(oldValue: Json | undefined, nextValue: Json | undefined, at: Path = []): Path[] {
  const old = opened(oldValue);
  const next = opened(nextValue);
  const comparable = (isObject(old) && isObject(next)) || (Array.isArray(old) && Array.isArray(next));
  if (!comparable) return equalValues(old, next) ? [] : [at];
  const keys = new Set([...keysOf(old), ...keysOf(next)]);
  return [...keys].flatMap((key) => changedPaths(child(old, key), child(next, key), [...at, key]));
}

/** Whether the text is a path to the place or to something around it. */
export function leadsTo(text: string, place: Path): boolean {
  const path = parsePath(text);
  if (path === undefined || path.length > place.length) return false;
  return path.every((key, index) => key === "*" || key === place[index]);
}
