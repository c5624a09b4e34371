/** What a check expects of a body. */
import { isDeepStrictEqual } from "node:util";
import { excerpt } from "./results";

interface Expected {
  contains?: string;
  json?: Record<string, unknown>;
}

/** In words; undefined: the body is as it should be. */
export function bodyFault({ contains, json }: Expected, body: Buffer, cut: boolean): string | undefined {
  if (contains === undefined && json === undefined) return undefined;
  if (cut) return "its body is larger than a check reads";
  const text = body.toString("utf8");
  if (contains !== undefined && !text.includes(contains))
    return `its body does not contain ${JSON.stringify(contains)}`;
  if (json === undefined) return undefined;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return `its body is not JSON: ${JSON.stringify(excerpt(text, 40))}`;
  }
  for (const [path, expected] of Object.entries(json)) {
    const found = valueAt(document, path);
    if (isDeepStrictEqual(found, expected)) continue;
    const shown = found === undefined ? "not there" : excerpt(JSON.stringify(found), 60);
    return `${path} is ${shown}, and ${JSON.stringify(expected)} is expected`;
  }
  return undefined;
}

/** `checks.database[0].status`, with or without the `$.` of JSONPath. A key with a dot in it is written `["a.b"]`. */
export function valueAt(document: unknown, path: string): unknown {
  const steps = path.replace(/^\$\.?/, "").matchAll(/\["([^"]*)"\]|\[(\d+)\]|([^.[\]]+)/g);
  let found: unknown = document;
  for (const [, quoted, index, key] of steps) {
    const step = quoted ?? index ?? key ?? "";
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, step)) return undefined;
    found = Reflect.get(found, step);
  }
  return found;
}
