/**
 * What others changed, told by who owns which field: a field that we set and do not own any more was changed or removed. So the
 * server's own ways to write a value ("1000m" or "1"), its defaults and its controllers' fields are never taken for a change.
 */
import { isDeepStrictEqual } from "node:util";
import type { Values } from "../../config/wire";
import type { KubernetesObject } from "../client";
import { isObject } from "./object";

/** `wanted` as it is in the cluster by now; `wanted` itself where nothing that it says was changed. */
export function drifted(wanted: KubernetesObject, live: KubernetesObject, fieldManager: string): Values {
  const owned = live.metadata.managedFields?.find(
    ({ manager, operation }) => manager === fieldManager && operation === "Apply",
  )?.fieldsV1;
  const { apiVersion, kind, metadata, ...rest } = wanted;
  const { name, namespace, ...describing } = metadata;
  const { metadata: liveMetadata, ...liveRest } = live;
  const inMetadata = walk(describing, liveMetadata, fieldOf(owned, "metadata"));
  const identity = { name, ...(namespace !== undefined && { namespace }) };
  const body = walk(rest, liveRest, owned);
  return {
    apiVersion,
    kind,
    ...(isObject(body) ? body : {}),
    metadata: { ...identity, ...(isObject(inMetadata) ? inMetadata : {}) },
  };
}

type Owned = Record<string, unknown> | undefined;

function fieldOf(owned: Owned, key: string): Owned {
  const found = owned?.[`f:${key}`];
  return isObject(found) ? found : undefined;
}

const isLeaf = (owned: Record<string, unknown>): boolean => Object.keys(owned).every((key) => key === ".");

/** Undefined in the place of what is gone. */
function walk(wanted: unknown, live: unknown, owned: Owned): unknown {
  if (Array.isArray(wanted)) return items(wanted, live, owned);
  if (!isObject(wanted)) return wanted;
  const entries = Object.entries(wanted).map(([key, value]): [string, unknown] => {
    const inner = fieldOf(owned, key);
    const actual = isObject(live) ? live[key] : undefined;
    if (inner === undefined) return [key, isEmpty(value) && isEmpty(actual) ? value : actual];
    return [key, isLeaf(inner) ? value : walk(value, actual, inner)];
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || isDeepStrictEqual(value, {}) || isDeepStrictEqual(value, []);

/** A list whose items have keys of their own is owned item by item. */
function items(wanted: unknown[], live: unknown, owned: Owned): unknown {
  if (owned === undefined || isLeaf(owned)) return wanted;
  const actual = Array.isArray(live) ? live : [];
  return wanted.flatMap((item) => {
    const key = Object.keys(owned).find((candidate) => isKeyOf(candidate, item));
    const at = actual.find((other) => (key === undefined ? isDeepStrictEqual(other, item) : isKeyOf(key, other)));
    const inner = key === undefined ? undefined : owned[key];
    if (!isObject(inner)) return at === undefined ? [] : [at];
    return [isLeaf(inner) ? item : walk(item, at, inner)];
  });
}

/** `k:{"name":"http"}` names an item by some of its fields (those that it leaves out have their defaults), `v:"x"` by its value. */
function isKeyOf(key: string, item: unknown): boolean {
  const value: unknown = JSON.parse(key.slice(2));
  if (key.startsWith("v:")) return isDeepStrictEqual(value, item);
  if (!key.startsWith("k:") || !isObject(value) || !isObject(item)) return false;
  return Object.entries(value).every(([field, wanted]) => item[field] === undefined || item[field] === wanted);
}
