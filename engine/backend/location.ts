import { homedir } from "node:os";
import { resolve } from "node:path";
import { EngineFailure, notSupported } from "../failure";

/** A file backend: `root` is the absolute path of its `.pulumi` folder. */
export interface Backend {
  /** As Pulumi shows it, without query. */
  url: string;
  root: string;
}

/** A stack of a backend; both names are safe as file names. */
export interface StackId {
  project: string;
  stack: string;
}

const scheme = "file://";

/** @throws EngineFailure for any backend that is not made of files. */
export function openBackend(url: string, cwd: string): Backend {
  if (!url.startsWith(scheme)) {
    const shown = url.includes("://") ? `${url.slice(0, url.indexOf("://"))}://` : url;
    throw notSupported(`the backend '${shown}' (only file:// is)`);
  }
  const path = url.slice(scheme.length).replace(/\?.*$/, "");
  const folder = path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : resolve(cwd, path);
  return { url: scheme + folder, root: resolve(folder, ".pulumi") };
}

const fullName = /^[A-Za-z0-9_.-]{1,100}$/;

/** @throws EngineFailure in the CLI's words; a path separator never gets through. */
function checkStackName(name: string): string {
  if (name === "") throw new EngineFailure("a stack name may not be empty");
  if (name.length > 100) throw new EngineFailure("a stack name cannot exceed 100 characters");
  const position = [...name].findIndex((character) => !/[A-Za-z0-9_.-]/.test(character));
  if (position >= 0) {
    throw new EngineFailure(
      `a stack name may only contain alphanumeric, hyphens, underscores, or periods: invalid character '${[...name][position]}' at position ${position}`,
    );
  }
  if (/^\.+$/.test(name)) throw new EngineFailure(`'${name}' cannot be a stack name`);
  return name;
}

function checkProjectName(name: string): string {
  if (!fullName.test(name) || /^\.+$/.test(name)) {
    throw new EngineFailure(
      `'${name}' cannot be a project name: it may only contain alphanumeric, hyphens, underscores, and periods (at most 100)`,
    );
  }
  return name;
}

/** Reads `stack`, `organization/stack` or `organization/project/stack`. */
export function parseStackName(name: string, currentProject: string | undefined): StackId {
  const parts = name.split("/");
  const stack = parts.pop() ?? "";
  const organization = parts.shift();
  if (organization !== undefined && organization !== "organization") {
    throw new EngineFailure("organization name must be 'organization'");
  }
  const project = parts.shift() ?? currentProject;
  if (parts.length > 0) throw new EngineFailure(`'${name}' is not a stack name`);
  if (project === undefined) {
    throw new EngineFailure(
      `if you're using the --stack flag, pass the fully qualified name (organization/project/${stack})`,
    );
  }
  return { project: checkProjectName(project), stack: checkStackName(stack) };
}

export const qualifiedName = ({ project, stack }: StackId): string => `organization/${project}/${stack}`;
