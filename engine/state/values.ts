import { isDeepStrictEqual } from "node:util";
import { isSecret, secretSignature, signatureKey, unwrapSecrets } from "./secretValues";
import type { Json, PropertyMap } from "./types";

export { containsSecret, isSecret, signatureKey, unwrapSecrets } from "./secretValues";

/** Signatures of the other special objects that travel as plain JSON. */
export const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
export const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";
export const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Stands for a value that only the real run will know. Of the seven sentinels this is the one that is sent. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const unknowns = new Set<Json>([
  unknown,
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

type JsonObject = { [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isUnknown = (value: Json | undefined): boolean => typeof value === "string" && unknowns.has(value);

export const secret = (value: Json): JsonObject => ({ [signatureKey]: secretSignature, value });

export const equal = (one: Json | undefined, other: Json | undefined): boolean => isDeepStrictEqual(one, other);

/** Equal but for what is marked secret: how inputs are compared where the provider does not say. */
export const equalValues = (one: Json | undefined, other: Json | undefined): boolean =>
  equal(one === undefined ? undefined : unwrapSecrets(one), other === undefined ? undefined : unwrapSecrets(other));

/** The top-level keys whose values differ. */
export function changedKeys(olds: PropertyMap, news: PropertyMap): string[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...keys].filter((key) => !equalValues(olds[key], news[key])).sort();
}

/** Marks outputs secret: those asked for by name, and those whose input of the same name is secret. */
export function markSecretOutputs(outputs: PropertyMap, inputs: PropertyMap, names: readonly string[]): PropertyMap {
  const marked = { ...outputs };
  for (const key of Object.keys(outputs)) {
    const value = outputs[key] ?? null;
    if (!isSecret(value) && (names.includes(key) || isSecret(inputs[key]))) marked[key] = secret(value);
  }
  return marked;
}
