import { createKey, openKey, passphraseFrom } from "../../engine/secrets";
import { exposeSecrets, maskSecrets, openSecrets, sealSecrets, unwrapSecrets } from "../../engine/state/secretValues";

/** Written by the real CLI 3.260 with the passphrase "p". */
const recordedSalt = "v1:9TgNxOO74iE=:v1:oRZWrWO6BsIP0Yh4:cgTadaNXfVWCCNzxgg1uGCUUxmigrw==";
const recordedSecret = "v1:YR0iG5rdZ/IeDc/r:PQgEjPG0Rfmn+QZtKvHk1PpV0O4=";

const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

test("what the real CLI encrypted is decrypted, and the wrong passphrase is called so", async () => {
  const key = await openKey(recordedSalt, "p");
  expect(key.decrypt(recordedSecret)).toBe('"pp"');
  await expect(openKey(recordedSalt, "q")).rejects.toThrow("incorrect passphrase");
});

test("a new key opens again with its salt and passphrase, and notices a changed ciphertext", async () => {
  const key = await createKey("");
  const sealed = key.encrypt("word");
  const again = await openKey(key.saltText, "");
  expect(again.decrypt(sealed)).toBe("word");
  expect(key.encrypt("word")).not.toBe(sealed);
  const changed = sealed.replace(/.{6}$/, "AAAAA=");
  expect(() => again.decrypt(changed)).toThrow("could not be decrypted");
});

test("deriving a key leaves the event loop free and is done once", async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await createKey("another");
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  const started = process.cpuUsage();
  await openKey(recordedSalt, "p");
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(50);
});

test("an empty passphrase is one, an unset one is asked for in the CLI's words", () => {
  const variables = (set: Record<string, string>) => (name: string) => set[name];
  expect(passphraseFrom(variables({ PULUMI_CONFIG_PASSPHRASE: "" }), "/")).toBe("");
  expect(() => passphraseFrom(variables({}), "/")).toThrow(
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
  );
  expect(() => passphraseFrom(variables({ PULUMI_CONFIG_PASSPHRASE_FILE: "/nowhere" }), "/")).toThrow("/nowhere");
});

test("secrets inside structures and inside secrets survive the way to disk and back", () => {
  const secret = (value: never | object | string) => ({ ...signature, value });
  const value = { b: [secret("x"), 1], a: secret({ inner: secret("deep") as never, list: [null] }) };
  const shout = (text: string): string => `<${text}>`;
  const whisper = (text: string): string => text.slice(1, -1);
  const disk = sealSecrets(value as never, shout);
  expect(JSON.stringify(disk)).not.toContain('"value"');
  expect(openSecrets(disk, whisper)).toEqual(value);
  expect(openSecrets(exposeSecrets(value as never), whisper)).toEqual(value);
  expect(maskSecrets(disk)).toEqual({ a: "[secret]", b: ["[secret]", 1] });
  expect(unwrapSecrets(value as never)).toEqual({ a: { inner: "deep", list: [null] }, b: ["x", 1] });
});
