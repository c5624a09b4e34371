import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../config/errors";
import { EngineFailure } from "../failure";

/*
 * Pulumi's passphrase secrets. A salt text is `v1:<base64 salt>:<verifier>`; the verifier is the encrypted word `pulumi`.
 * The key is PBKDF2-HMAC-SHA256 with a million iterations; a ciphertext is `v1:<base64 nonce>:<base64 of AES-256-GCM and tag>`.
 */
const iterations = 1_000_000;
const keyBytes = 32;
const tagBytes = 16;
const knownWord = "pulumi";
const deriveKey = promisify(pbkdf2);

/** Derivation costs a quarter of a second, so keys are kept for the life of the process. */
const derived = new Map<string, Promise<Buffer>>();

function keyFor(passphrase: string, salt: Buffer): Promise<Buffer> {
  const id = `${salt.toString("base64")}\0${passphrase}`;
  const known = derived.get(id);
  if (known !== undefined) return known;
  const key = deriveKey(passphrase, salt, iterations, keyBytes, "sha256");
  derived.set(id, key);
  return key;
}

/** An opened key: encrypts and decrypts texts at once. */
export interface SecretKey {
  readonly saltText: string;
  encrypt(plaintext: string): string;
  /** @throws EngineFailure for a text that this key did not make. */
  decrypt(ciphertext: string): string;
}

/** Opens the key of a stack. @throws EngineFailure "incorrect passphrase", or that none is set. */
export async function openKey(saltText: string, passphrase: string): Promise<SecretKey> {
  const match = /^v1:([^:]+):(v1:[^:]+:[^:]+)$/.exec(saltText);
  if (match === null) throw new EngineFailure("malformed encryption salt in the stack's settings or state");
  const [, salt = "", verifier = ""] = match;
  const key = secretKey(saltText, await keyFor(passphrase, Buffer.from(salt, "base64")));
  let word: string;
  try {
    word = key.decrypt(verifier);
  } catch (thrown) {
    throw new EngineFailure("incorrect passphrase", 1, thrown);
  }
  if (word !== knownWord) throw new EngineFailure("incorrect passphrase");
  return key;
}

/** Makes a key with a new salt. */
export async function createKey(passphrase: string): Promise<SecretKey> {
  const salt = randomBytes(8);
  const bytes = await keyFor(passphrase, salt);
  return secretKey(`v1:${salt.toString("base64")}:${encryptWith(bytes, knownWord)}`, bytes);
}

const secretKey = (saltText: string, bytes: Buffer): SecretKey => ({
  saltText,
  encrypt: (plaintext) => encryptWith(bytes, plaintext),
  decrypt: (ciphertext) => decryptWith(bytes, ciphertext),
});

function encryptWith(key: Buffer, plaintext: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

function decryptWith(key: Buffer, ciphertext: string): string {
  const [version, nonce, sealed] = ciphertext.split(":");
  if (version !== "v1" || nonce === undefined || sealed === undefined) {
    throw new EngineFailure("a secret is not in the form that Pulumi's passphrase provider writes");
  }
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), { authTagLength: tagBytes });
  decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
  try {
    return decipher.update(bytes.subarray(0, bytes.length - tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch (thrown) {
    throw new EngineFailure("a secret could not be decrypted: it was made with another passphrase or salt", 1, thrown);
  }
}

/** @throws EngineFailure in the CLI's words where neither variable is set. A file is looked for from `folder`. An empty passphrase is a passphrase. */
export function passphraseFrom(variable: (name: string) => string | undefined, folder: string): string {
  const text = variable("PULUMI_CONFIG_PASSPHRASE");
  if (text !== undefined) return text;
  const file = variable("PULUMI_CONFIG_PASSPHRASE_FILE");
  if (file === undefined || file === "") {
    throw new EngineFailure(
      "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
    );
  }
  try {
    return readFileSync(resolve(folder, file), "utf8").trim();
  } catch (thrown) {
    throw new EngineFailure(`unable to read PULUMI_CONFIG_PASSPHRASE_FILE '${file}': ${messageOf(thrown)}`, 1, thrown);
  }
}
