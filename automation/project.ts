import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, realpathSync, unlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  defaultPlatform,
  type EnvironmentConfig,
  type EnvironmentName,
  environmentName,
  environmentNames,
  type PlatformName,
} from "../config/environment";
import { SwitchyardError } from "../config/errors";
import { loadEnvironmentFile, loadWhereItRuns } from "../config/file";
import { openRecords, type Records } from "../store";

export type EngineName = "embedded" | "cli";

export interface ProjectOptions {
  /** The folder of `Pulumi.yaml` and `Pulumi.<environment>.yaml`. */
  dir: string;
  /** Instead of what the environment's config says. */
  engine?: EngineName | undefined;
}

/** A project folder and the places where the driver keeps its things: all below `.switchyard`, none in the checkout. */
export interface Project {
  dir: string;
  /** As in PULUMI_BACKEND_URL, which wins where it is set. */
  backendUrl: string;
  artifactsDir: string;
  workDir: string;
  records: Records;
  /** These two are known even while the environment's file holds a mistake. */
  engine(environment: EnvironmentName): EngineName;
  platform(environment: EnvironmentName): PlatformName;
  /** Throws `config-invalid`. */
  config(environment: EnvironmentName): EnvironmentConfig;
  /** Variables of each Pulumi operation. Makes the passphrase file of local stacks on first use. */
  pulumiEnv(environment: EnvironmentName): Record<string, string>;
}

/** Throws `usage` where there is no project, and `state-damaged`. */
export function openProject({ dir, engine }: ProjectOptions): Project {
  if (!existsSync(join(dir, "Pulumi.yaml"))) {
    throw new SwitchyardError("usage", `There is no Pulumi.yaml in ${resolve(dir)}.`, {
      next: "Run this in a Switchyard project, or name its folder with --project.",
    });
  }
  // one folder has one name: a team's data is where its state says, whatever way somebody came here
  const root = realpathSync(dir);
  const own = join(root, ".switchyard");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  const platform = (name: EnvironmentName) => loadWhereItRuns(root, name).platform ?? defaultPlatform[name];
  const backendUrl = process.env.PULUMI_BACKEND_URL ?? `file://${join(own, "state")}`;
  if (backendUrl.startsWith("file://")) mkdirSync(backendUrl.slice("file://".length), { recursive: true });
  return {
    dir: root,
    backendUrl,
    artifactsDir: join(own, "artifacts"),
    workDir: join(own, "work"),
    records: openRecords(join(own, "records.db")),
    config: (name) => loadEnvironmentFile(root, name),
    platform,
    engine: (name) => engine ?? loadWhereItRuns(root, name).engine ?? (platform(name) === "local" ? "embedded" : "cli"),
    pulumiEnv: (name) => ({
      PULUMI_BACKEND_URL: backendUrl,
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: platform(name) === "local" ? "true" : "false",
      ...passphrase(join(own, "passphrase"), join(own, "state", ".pulumi", "stacks")),
    }),
  };
}

function passphrase(file: string, stacks: string): Record<string, string> {
  for (const name of ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"]) {
    const value = process.env[name];
    if (value !== undefined) return { [name]: value };
  }
  if (!existsSync(file)) {
    if (existsSync(stacks)) {
      throw new SwitchyardError(
        "passphrase-wrong",
        `The passphrase file ${file} is gone, and ${stacks} holds stacks made with it.`,
        {
          next: "Bring the file back from a backup, or set PULUMI_CONFIG_PASSPHRASE_FILE to it. A new one would not open their secrets.",
        },
      );
    }
    // linked when it is whole, so that of two drivers at once one wins and the other reads all of it
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, randomBytes(32).toString("base64url"), { mode: 0o600 });
    try {
      linkSync(draft, file);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    } finally {
      unlinkSync(draft);
    }
  }
  return { PULUMI_CONFIG_PASSPHRASE: readFileSync(file, "utf8").trim() };
}

/** `production` -> `prod`. Throws `unknown-environment`. */
export function knownEnvironment(name: string): EnvironmentName {
  const known = environmentName(name);
  if (known) return known;
  throw new SwitchyardError(
    "unknown-environment",
    `There is no environment ${JSON.stringify(name)}; there are ${environmentNames.join(", ")}.`,
  );
}
