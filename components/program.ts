import * as pulumi from "@pulumi/pulumi";
import { environmentName, environmentNames } from "../config/environment";
import { SwitchyardError } from "../config/errors";
import { environmentProgram } from "./environment-program";
import type { Platforms } from "./platforms";
import { teamProgram } from "./team-program";

export interface ProgramOptions {
  /** The folder that relative paths in config start from; by default the folder of `Pulumi.yaml`. */
  projectDir?: string;
  /** Instead of those that are offered to people. */
  platforms?: Platforms;
}

/**
 * The one program of both kinds of stack: `dev` is an environment, `dev.ai-workflow` a team of it. Resolves to the stack's
 * outputs. What a person can do something about is one sentence in Pulumi's diagnostics, without a stack trace, and ends
 * with the code from docs/errors.md in brackets.
 */
export async function switchyardProgram(options: ProgramOptions = {}): Promise<Record<string, unknown>> {
  try {
    const [environment = "", ...rest] = pulumi.getStack().split(".");
    const name = environmentName(environment);
    if (name === undefined) {
      const known = environmentNames.join(", ");
      throw new SwitchyardError("unknown-environment", `There is no environment ${environment}; there are ${known}.`);
    }
    if (rest.length > 0) return await teamProgram(environment, rest.join("."), options.platforms);
    return await environmentProgram(name, options.projectDir ?? pulumi.getRootDirectory(), options.platforms);
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) throw new pulumi.RunError(sentences(thrown));
    throw thrown;
  }
}

function sentences({ message, next, code }: SwitchyardError): string {
  const end = message.includes("\n") ? "\n" : message.endsWith(".") ? " " : ". ";
  return `${message}${end}${next} [${code}]`;
}
