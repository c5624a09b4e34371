import { copyFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { SwitchyardError } from "../config/errors";
import { mistakesOf } from "../config/mistakes";
import { environmentVariablesSchema } from "../config/team";
import { knownEnvironment, type Project } from "./project";
import { newId } from "./release";
import { asSwitchyardError, environmentFile, openEnvironment, removeFolder } from "./stacks";

/**
 * Sets a secret environment variable of a team's slots, or removes it (`value` null): encrypted in the environment's file,
 * as `pulumi config set --secret` does. Slots get it from the next `up` and release on.
 * Throws `config-invalid`, `unknown-team`, `usage`, `passphrase-wrong`.
 */
export async function setSecret(
  project: Project,
  where: { environment: string; team: string; name: string },
  value: string | null,
): Promise<void> {
  const { team, name } = where;
  const environment = knownEnvironment(where.environment);
  const { teams } = project.config(environment);
  if (!(team in teams)) {
    const known = Object.keys(teams).join(", ");
    throw new SwitchyardError("unknown-team", `Environment ${environment} has no team ${team}; it has ${known}.`);
  }
  const { error } = environmentVariablesSchema.safeParse({ [name]: value ?? "" });
  if (error !== undefined) {
    const [mistake] = mistakesOf(error, environmentVariablesSchema, {}, ["secrets", team]);
    throw new SwitchyardError(
      "usage",
      `The secret ${JSON.stringify(name)} of ${team}: expected ${mistake?.expected}.`,
      {
        next: "Set it under another name, or with another value.",
      },
    );
  }
  const folder = newId();
  try {
    const stack = await openEnvironment(project, environment, folder);
    const key = `switchyard:secrets.${team}.${name}`;
    if (value === null) await stack.removeConfig(key, true);
    else await stack.setConfig(key, { value, secret: true }, true);
    replaceFile(join(project.workDir, folder, `Pulumi.${environment}.yaml`), environmentFile(project, environment));
  } catch (thrown) {
    throw asSwitchyardError(thrown, environment, []);
  } finally {
    removeFolder(project, folder);
  }
}

/** Whoever reads the file meanwhile has the old one or the new one. */
function replaceFile(from: string, to: string): void {
  if (!existsSync(from)) return;
  const draft = `${to}.${process.pid}`;
  copyFileSync(from, draft);
  renameSync(draft, to);
}
