import type { Json, PropertyMap } from "./types";

/*
 * A secret is an object with a signature, in three forms: `{sig, value}` in memory and on the wire, `{sig, ciphertext}`
 * on disk, `{sig, plaintext}` in an export with secrets shown. The last two hold the value's JSON text.
 */
export const signatureKey = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
export const maskedSecret = "[secret]";

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isSecret = (value: Json | undefined): value is { [key: string]: Json } =>
  isObject(value) && value[signatureKey] === secretSignature;

export function containsSecret(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some((item: Json) => containsSecret(item));
  if (!isObject(value)) return false;
  return value[signatureKey] === secretSignature || Object.values(value).some(containsSecret);
}

/** Rebuilds a value with its keys sorted, every secret replaced by what `replace` makes of it. */
export function mapSecrets(value: Json, replace: (secret: { [key: string]: Json }) => Json): Json {
  if (Array.isArray(value)) return value.map((item) => mapSecrets(item, replace));
  if (!isObject(value)) {
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${value} cannot be stored in state`);
    return value;
  }
  if (isSecret(value)) return replace(value);
  const keys = Object.keys(value).sort();
  // fromEntries, so that a key named __proto__ stays a key.
  return Object.fromEntries(keys.map((key) => [key, mapSecrets(value[key] ?? null, replace)]));
}

/** Disk form to memory form. Inside a secret nothing is encrypted again: there a "ciphertext" is the JSON text itself. */
export const openSecrets = (value: Json, decrypt: (ciphertext: string) => string): Json =>
  mapSecrets(value, (secret) => {
    const { ciphertext, plaintext } = secret;
    if (typeof ciphertext === "string") return secretOf(openNested(JSON.parse(decrypt(ciphertext))));
    if (typeof plaintext === "string") return secretOf(openNested(JSON.parse(plaintext)));
    return secretOf(secret.value ?? null);
  });

const openNested = (value: Json): Json => openSecrets(value, (text) => text);
const secretOf = (value: Json): Json => ({ [signatureKey]: secretSignature, value });

/** Memory form to disk form. */
export const sealSecrets = (value: Json, encrypt: (plaintext: string) => string): Json =>
  mapSecrets(value, (secret) => ({
    [signatureKey]: secretSignature,
    ciphertext: encrypt(nestedText(secret)),
  }));

const nestedText = (secret: { [key: string]: Json }): string =>
  JSON.stringify(sealSecrets(secret.value ?? null, (text) => text));

/** Memory form to the form of an export with secrets shown. */
export const exposeSecrets = (value: Json): Json =>
  mapSecrets(value, (secret) => ({
    [signatureKey]: secretSignature,
    plaintext: JSON.stringify(exposeSecrets(secret.value ?? null)),
  }));

export const maskSecrets = (value: Json): Json => mapSecrets(value, () => maskedSecret);

/** Memory form without envelopes: plain values, for who asked to see them. */
export const unwrapSecrets = (value: Json): Json => mapSecrets(value, (secret) => unwrapSecrets(secret.value ?? null));

export const mapProperties = (map: PropertyMap | undefined, change: (value: Json) => Json): PropertyMap | undefined =>
  map === undefined ? undefined : (change(map) as PropertyMap);
