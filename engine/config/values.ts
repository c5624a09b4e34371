import { mapSecrets, maskedSecret, secretSignature, signatureKey } from "../state/secretValues";
import type { Json } from "../state/types";

/** A config value as programs and people see it. */
export interface ConfigValue {
  /** A string, or the JSON text of a structure. Undefined: a secret that was not asked for. */
  value?: string;
  /** Present for structures. */
  objectValue?: Json;
  secret: boolean;
}

/** Reads a stored value: `{secure: text}` becomes a secret envelope that holds the ciphertext. */
function parse(stored: unknown): Json {
  if (Array.isArray(stored)) return stored.map(parse);
  if (stored instanceof Date) return stored.toISOString();
  if (typeof stored !== "object" || stored === null) return (stored ?? null) as Json;
  const entries = Object.entries(stored);
  if (entries.length === 1 && typeof Reflect.get(stored, "secure") === "string") {
    return { [signatureKey]: secretSignature, ciphertext: Reflect.get(stored, "secure") };
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, parse(value)]));
}

export function isSecretValue(stored: unknown): boolean {
  let found = false;
  mapSecrets(parse(stored), () => {
    found = true;
    return null;
  });
  return found;
}

/** The value with each secret as `decrypt` gives it. Config secrets are raw strings, not JSON. */
export function revealed(stored: unknown, decrypt: (ciphertext: string) => string): ConfigValue {
  const value = mapSecrets(parse(stored), (secret) => decrypt(String(secret.ciphertext)));
  const structured = typeof value === "object" && value !== null;
  return {
    value: configText(value),
    ...(structured && { objectValue: value }),
    secret: isSecretValue(stored),
  };
}

/** What a value looks like where secrets may not be seen. */
export const masked = (stored: unknown): string => configText(mapSecrets(parse(stored), () => maskedSecret));

const configText = (value: Json): string =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
