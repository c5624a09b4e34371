import { EngineFailure } from "../failure";

export type PathSegment = string | number;

/** Reads Pulumi's property paths: `a.b[0]`, `["a.b"].c`, `a["c d"]`. */
export function parsePath(text: string): PathSegment[] {
  const segments: PathSegment[] = [];
  let rest = text;
  while (rest !== "") {
    const match = /^\.?([^.[\]"]+)/.exec(rest) ?? /^\[(\d+)\]/.exec(rest) ?? /^\.?\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
    if (match === null) throw new EngineFailure(`invalid config key path: '${text}'`);
    const [whole, segment = ""] = match;
    const isFirst = segments.length === 0;
    if (isFirst && whole.startsWith(".")) throw new EngineFailure(`invalid config key path: '${text}'`);
    if (segment.startsWith('"')) segments.push(JSON.parse(segment));
    else segments.push(whole.startsWith("[") ? Number(segment) : segment);
    rest = rest.slice(whole.length);
  }
  if (segments.length === 0) throw new EngineFailure("invalid config key path: it is empty");
  return segments;
}

/** What lies at a path inside a value; undefined: nothing. */
export function valueAt(value: unknown, path: PathSegment[]): unknown {
  let current = value;
  for (const segment of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, segment)) return undefined;
    current = Reflect.get(current, segment);
  }
  return current;
}

/** Inside a structure Pulumi stores what looks like a boolean or an integer as one. */
export function typedValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  return text;
}
