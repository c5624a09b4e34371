import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { parse, stringify } from "yaml";
import { platformOf, switchyardProgram } from "../../components";
import { type EnvironmentName, environmentFileNames } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import { embeddedEngine } from "../../engine";
import type { Project } from "../project";
import { asSwitchyardError } from "./failures";

export const pulumiProject = "switchyard";

/**
 * A stack in a private folder: what an operation writes there (config, selected stack) never reaches the checkout.
 * The program is this very package's; with the CLI it is served to it from this process.
 */
export async function openStack(
  project: Project,
  environment: EnvironmentName,
  name: string,
  folder: string,
  mayWrite?: () => boolean,
): Promise<Stack> {
  const workDir = join(project.workDir, folder);
  mkdirSync(workDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(workDir, "Pulumi.yaml"), projectFile(project));
  const settings = environmentFile(project, environment);
  // by the stack's name: Pulumi knows nothing of `Pulumi.development.yaml`; what is in a stack can be read without it
  if (existsSync(settings) && isUsable(project, environment))
    copyFileSync(settings, join(workDir, `Pulumi.${environment}.yaml`));
  try {
    return await LocalWorkspace.createOrSelectStack(
      {
        projectName: pulumiProject,
        stackName: name,
        program: () => switchyardProgram({ projectDir: project.dir }),
      },
      {
        workDir,
        pulumiCommand: await engineOf(project, environment, mayWrite),
        envVars: project.pulumiEnv(environment),
      },
    );
  } catch (thrown) {
    throw asSwitchyardError(thrown, name, []);
  }
}

/** The environment's config in the checkout, under the name that it has there; it need not exist. */
export function environmentFile(project: Project, environment: EnvironmentName): string {
  const names = environmentFileNames(environment);
  return join(project.dir, names.find((name) => existsSync(join(project.dir, name))) ?? `Pulumi.${environment}.yaml`);
}

function isUsable(project: Project, environment: EnvironmentName): boolean {
  try {
    project.config(environment);
    return true;
  } catch (thrown) {
    if (thrown instanceof SwitchyardError && thrown.code === "config-invalid") return false;
    throw thrown;
  }
}

/** The private folder has done its work. */
export function removeFolder(project: Project, folder: string): void {
  rmSync(join(project.workDir, folder), { recursive: true, force: true });
}

async function engineOf(
  project: Project,
  environment: EnvironmentName,
  mayWrite: (() => boolean) | undefined,
): Promise<PulumiCommand> {
  const platform = platformOf(project.platform(environment), environment);
  if (project.engine(environment) === "embedded")
    return embeddedEngine({ providers: platform.providers(), ...(mayWrite && { mayWrite }) });
  try {
    return await PulumiCommand.get();
  } catch (thrown) {
    throw new SwitchyardError(
      "engine-missing",
      `The engine cli was asked for, and there is no usable pulumi on PATH.`,
      { cause: thrown },
    );
  }
}

/** The project's own Pulumi.yaml, with the plugin's path made absolute: it is relative to a folder we are not in. */
function projectFile(project: Project): string {
  const file = parse(readFileSync(join(project.dir, "Pulumi.yaml"), "utf8")) as Record<string, unknown>;
  const plugin = join(packageRoot(), "local", "provider", "plugin");
  return stringify({ ...file, main: undefined, plugins: { providers: [{ name: "switchyard-local", path: plugin }] } });
}

function packageRoot(): string {
  let folder = __dirname;
  while (basename(folder) !== "automation") folder = dirname(folder);
  const above = dirname(folder);
  return basename(above) === "dist" ? dirname(above) : above;
}
