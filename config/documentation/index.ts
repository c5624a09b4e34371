/** What is generated from the config schema and the error catalogue. */
import { configurationPage } from "./configuration";
import { errorsPage } from "./errors";
import { stackSchema } from "./stack-schema";

/** Text by path, relative to the project folder. */
export function generatedFiles(): Record<string, string> {
  return {
    "docs/configuration.md": configurationPage(),
    "docs/errors.md": errorsPage(),
    "schemas/pulumi-stack.schema.json": stackSchema(),
  };
}
