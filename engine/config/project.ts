import { dirname, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { readText } from "../backend";
import { EngineFailure } from "../failure";

/** What the engine reads of `Pulumi.yaml`. */
export interface Project {
  name: string;
  file: string;
  folder: string;
  /** `nodejs`, or the name of another language. */
  runtime: string;
  /** The program's file or folder, below `folder`. */
  main?: string;
  /** Where `Pulumi.<stack>.yaml` files lie. */
  configFolder: string;
  backendUrl?: string;
  /** Values for all stacks, keys `namespace:name`. */
  defaults: Record<string, unknown>;
  /** Keys that a stack has to set. */
  required: string[];
}

const extensions = [".yaml", ".yml", ".json"];

/** Finds the project of a folder or of one above it; undefined: there is none. */
export function findProject(folder: string): Project | undefined {
  for (const extension of extensions) {
    const file = join(folder, `Pulumi${extension}`);
    const text = readText(file);
    if (text !== undefined) return parseProject(text, file);
  }
  const above = dirname(folder);
  return above === folder ? undefined : findProject(above);
}

function parseProject(text: string, file: string): Project {
  const document = parseDocument(text);
  if (document.errors[0] !== undefined)
    throw new EngineFailure(`could not read ${file}: ${document.errors[0].message}`);
  const fields: Record<string, unknown> = Object(document.toJS());
  const folder = dirname(file);
  if (typeof fields.name !== "string" || fields.name === "") {
    throw new EngineFailure(`could not read ${file}: project is missing a 'name' attribute`);
  }
  const backendUrl = Object(fields.backend).url;
  const configFolder = fields.stackConfigDir ?? fields.config;
  return {
    name: fields.name,
    file,
    folder,
    runtime: String(Object(fields.runtime).name ?? fields.runtime ?? ""),
    main: typeof fields.main === "string" ? fields.main : undefined,
    configFolder: typeof configFolder === "string" ? resolve(folder, configFolder) : folder,
    backendUrl: typeof backendUrl === "string" ? backendUrl : undefined,
    ...configOf(fields.name, typeof fields.config === "object" ? Object(fields.config) : {}),
  };
}

/** An entry is a plain value, or a declaration with `value` or `default`; one with neither must be set by the stack. */
function configOf(project: string, entries: Record<string, unknown>): Pick<Project, "defaults" | "required"> {
  const defaults: Record<string, unknown> = {};
  const required: string[] = [];
  for (const [key, entry] of Object.entries(entries)) {
    const full = fullKey(key, project);
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) defaults[full] = entry;
    else if ("value" in entry) defaults[full] = entry.value;
    else if ("default" in entry) defaults[full] = entry.default;
    else required.push(full);
  }
  return { defaults, required };
}

/** `name` is `<project>:name`; `ns:name` and the older `ns:config:name` are as they say. */
export function fullKey(key: string, project: string): string {
  const parts = key.split(":");
  if (parts.length === 1) return `${project}:${key}`;
  if (parts.length === 3 && parts[1] === "config") return `${parts[0]}:${parts[2]}`;
  if (parts.length === 2) return key;
  throw new EngineFailure(`invalid configuration key: could not parse ${key} as a configuration key`);
}
