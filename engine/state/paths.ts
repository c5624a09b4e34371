import type { Json, PropertyMap } from "./types";
import { equalValues, isObject } from "./values";

/** A parsed property path: `a.b[0]["c d"].*` is `["a", "b", 0, "c d", "*"]`. */
export type Path = (string | number)[];

/** @returns undefined where the text is not a path. */
export function parsePath(text: string): Path | undefined {
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

/** Replaces each `*` by every key that either value has there. */
function concrete(path: Path, one: Json | undefined, other: Json | undefined): Path[] {
  const [head, ...tail] = path;
  if (head === undefined) return [[]];
  const keys = head === "*" ? [...new Set([...keysOf(one), ...keysOf(other)])] : [head];
  return keys.flatMap((key) => concrete(tail, child(one, key), child(other, key)).map((rest) => [key, ...rest]));
}

const at = (value: Json | undefined, path: Path): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => child(inner, key), value);

/** `value` with what is at `path` set to `next`, or removed where `next` is undefined. Nothing is made on the way there. */
function withPath(value: Json | undefined, path: Path, next: Json | undefined): Json | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  const inner = withPath(child(value, key), rest, next);
  if (Array.isArray(value)) {
    const index = Number(key);
    if (inner === undefined) return value.filter((_, other) => other !== index);
    return index > value.length ? value : value.with(index === value.length ? -1 : index, inner);
  }
  if (!isObject(value)) return value;
  const { [String(key)]: _, ...others } = value;
  return inner === undefined ? others : { ...others, [String(key)]: inner };
}

/**
 * New inputs with the old ones kept at each ignored path.
 * @throws Error for a text that is not a path.
 */
export function ignoreChanges(news: PropertyMap, olds: PropertyMap, ignored: readonly string[]): PropertyMap {
  let result: Json = news;
  for (const text of ignored) {
    const path = parsePath(text);
    if (path === undefined) throw new Error(`failed to parse ignoreChanges path '${text}'`);
    for (const place of concrete(path, olds, news)) result = withPath(result, place, at(olds, place)) ?? {};
  }
  return result as PropertyMap;
}

/** Whether anything at or below the path differs. */
export function differsAt(text: string, olds: PropertyMap, news: PropertyMap): boolean {
  const path = parsePath(text) ?? [];
  return concrete(path, olds, news).some((place) => !equalValues(at(olds, place), at(news, place)));
}
