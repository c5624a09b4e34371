/** What the project folder holds: config, engine, state. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EnvironmentConfig, EnvironmentName, PlatformName } from "../../config/environment";
import { messageOf, SwitchyardError } from "../../config/errors";
import { loadEnvironmentFile } from "../../config/file";
import { type Finding, missing, note, ok, warn } from "./finding";
import { ask } from "./tool";

/** The config, or undefined where it has mistakes: the finding then holds all of them. */
export function config(
  projectDir: string,
  environment: EnvironmentName,
): { finding: Finding; config?: EnvironmentConfig } {
  try {
    const read = loadEnvironmentFile(projectDir, environment);
    return { finding: ok("config", `Pulumi.${environment}.yaml: ${Object.keys(read.teams).join(", ")}`), config: read };
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return { finding: missing("config", thrown.message, thrown.next) };
  }
}

export async function platform(name: PlatformName, environment: EnvironmentName): Promise<Finding> {
  const { platformOf } = await import("../../components/index.js");
  try {
    platformOf(name, environment);
    return ok("platform", name);
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return missing("platform", thrown.message, thrown.next);
  }
}

export async function engine(chosen: "embedded" | "cli"): Promise<Finding> {
  const version = await ask("pulumi", "version");
  const cli = version === undefined ? "no pulumi on PATH" : `pulumi ${version} on PATH`;
  if (chosen === "embedded") return ok("engine", `embedded; ${cli}`);
  return version === undefined
    ? missing("engine", `cli is asked for, and there is ${cli}`, "Install the Pulumi CLI, or use `--engine embedded`.")
    : ok("engine", `cli: ${cli}`);
}

export function state(projectDir: string): Finding {
  const folder = join(projectDir, ".switchyard");
  const backend = process.env.PULUMI_BACKEND_URL;
  const where = backend === undefined ? folder : `PULUMI_BACKEND_URL is ${backend}`;
  if (!existsSync(folder)) return note("state", `${where}: nothing there yet`);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (thrown) {
    return missing("state", messageOf(thrown), `Make ${folder} readable and writable for you.`);
  }
  return ok("state", where);
}

export function passphrase(projectDir: string): Finding {
  for (const variable of ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"]) {
    if (process.env[variable] !== undefined) return ok("passphrase", `from ${variable}`);
  }
  const file = join(projectDir, ".switchyard", "passphrase");
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) return note("passphrase", `${file} will be made with the first \`switchyard up\``);
  const readableByOthers = (found.mode & 0o077) !== 0;
  return readableByOthers
    ? warn("passphrase", `${file} can be read by others`, `chmod 600 ${file}`)
    : ok("passphrase", file);
}

export const records = (projectDir: string): Finding =>
  note(
    "records",
    `SQLite, ${join(projectDir, ".switchyard", "records.db")}: good for drivers on this machine; drivers on several machines need a shared store, which comes later`,
  );
