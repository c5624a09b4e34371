/**
 * Config inside a Pulumi program. The only file here that knows Pulumi: daemons and the CLI read config too, and must not
 * load the SDK for it.
 */
import * as pulumi from "@pulumi/pulumi";
import type { ConfigSource } from "./load";
import { pathText } from "./mistakes";

const namespace = "switchyard:";

/**
 * The running stack's config. Pulumi says of a whole key that it is secret as soon as anything inside is, so that secrets
 * have a key of their own, `secrets`, and a secret anywhere else is a mistake.
 */
export function stackConfig(): ConfigSource {
  const source: ConfigSource = { file: `Pulumi.${pulumi.getStack()}.yaml`, values: {}, mistakes: [] };
  for (const [key, value] of Object.entries(pulumi.runtime.allConfig())) {
    if (!key.startsWith(namespace)) continue;
    const name = key.slice(namespace.length);
    source.values[name] = value;
    const secret = isSecret(name);
    if (secret && name !== "secrets")
      source.mistakes.push({
        path: pathText([name]),
        found: "a secret",
        expected: "plain text; secrets belong in switchyard:secrets",
      });
    if (!secret && name === "secrets" && value !== "{}")
      source.mistakes.push({
        path: pathText([name]),
        found: "plain text (hidden)",
        expected: "a value set with `--secret`",
      });
  }
  return source;
}

/** In the SDK since its beginning, but left out of its type declarations. */
function isSecret(name: string): boolean {
  const runtime = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };
  return runtime.isConfigSecret(namespace + name);
}
