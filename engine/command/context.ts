import { resolve } from "node:path";
import {
  type Backend,
  checkpointPath,
  openBackend,
  parseStackName,
  qualifiedName,
  readCheckpointText,
  Selection,
  type StackId,
} from "../backend";
import { findProject, type Project, StackFile } from "../config";
import type { DeploymentRequest, DeploymentResult, ProviderSource } from "../deployment/request";
import { EngineFailure, exitCode } from "../failure";
import { passphraseFrom } from "../secrets";
import { type Checkpoint, parseCheckpoint } from "../state/checkpoint";
import { type Arguments, flagValue } from "./arguments";
import { StackKeys } from "./keys";

/** What a command writes, as it comes. */
export interface Output {
  out(text: string): void;
  error(text: string): void;
}

export type Deploy = (request: DeploymentRequest) => Promise<DeploymentResult>;

/** One invocation of the engine. */
export interface Invocation {
  args: Arguments;
  folder: string;
  /** The workspace's variables first, then the process's. */
  variables: (name: string) => string | undefined;
  /** The workspace's own variables, for processes that are started. */
  env: Record<string, string>;
  output: Output;
  providers: ProviderSource;
  deploy: Deploy;
  signal: AbortSignal | undefined;
  /** Asked before each call and write that changes something; false ends the operation as a lost lock does. */
  mayWrite: () => boolean;
  now: () => Date;
}

export type Command = (invocation: Invocation) => Promise<void>;

export function projectOf({ folder }: Invocation): Project {
  const project = findProject(folder);
  if (project === undefined) {
    throw new EngineFailure(
      `no Pulumi.yaml project file found (searching upwards from ${folder}). If you have not created a project yet, use \`pulumi new\` to do so: no project file found`,
    );
  }
  return project;
}

export function backendOf(invocation: Invocation): Backend {
  const url = invocation.variables("PULUMI_BACKEND_URL") || findProject(invocation.folder)?.backendUrl;
  if (!url) {
    throw new EngineFailure(
      "the embedded engine needs a file backend; set PULUMI_BACKEND_URL=file://<folder>",
      exitCode.usage,
    );
  }
  return openBackend(url, invocation.folder);
}

/** A stack that commands work on. */
export interface Target {
  backend: Backend;
  id: StackId;
  project: Project;
}

/** The stack named by `--stack` or by an argument, else the selected one. It need not exist. */
export function targetOf(invocation: Invocation, named?: string): Target {
  const backend = backendOf(invocation);
  const project = projectOf(invocation);
  const name = named ?? flagValue(invocation.args, "stack") ?? selectionOf(invocation, backend, project).get();
  if (name === undefined) throw new EngineFailure("no stack selected; please use `pulumi stack select` to choose one");
  return { backend, id: parseStackName(name, project.name), project };
}

export const selectionOf = (invocation: Invocation, backend: Backend, project: Project): Selection =>
  new Selection({
    pulumiHome: invocation.variables("PULUMI_HOME"),
    project: project.name,
    projectFile: project.file,
    backend,
  });

export const stackNotFound = (stack: string): EngineFailure =>
  new EngineFailure(`no stack named '${stack}' found`, exitCode.stackNotFound);

/** @throws EngineFailure where the stack does not exist or its file is damaged. */
export function loadCheckpoint({ backend, id }: Target): Checkpoint {
  const text = readCheckpointText(backend, id);
  if (text === undefined) throw stackNotFound(id.stack);
  return parseCheckpoint(text, checkpointPath(backend, id));
}

export function settingsOf(invocation: Invocation, target: Target): StackFile {
  const file = flagValue(invocation.args, "config-file");
  return StackFile.load(
    file === undefined ? StackFile.pathOf(target.project, target.id.stack) : resolve(invocation.folder, file),
  );
}

export const passphraseOf =
  ({ variables, folder }: Invocation) =>
  (): string =>
    passphraseFrom(variables, folder);

/** The stack's keys; a new salt is written to the settings file at once, where the CLI looks for it. */
export const keysOf = (invocation: Invocation, settings: StackFile, checkpoint: Checkpoint | undefined): StackKeys =>
  new StackKeys(passphraseOf(invocation), settings.saltText ?? checkpoint?.saltText, (saltText) => {
    settings.saltText = saltText;
    settings.save();
  });

export const stackName = (target: Target): string => qualifiedName(target.id);

/** Two spaces, keys of maps in order: how the CLI prints JSON. */
export function printJson({ output }: Invocation, value: unknown): void {
  output.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Columns two spaces apart, as the CLI prints them. */
export function printTable({ output }: Invocation, header: string[], rows: string[][]): void {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of [header, ...rows]) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    output.out(`${cells.join("  ")}\n`);
  }
}

/** Nanoseconds since 1970, for file names that sort by time. */
export const unixNanos = (now: Date): bigint =>
  BigInt(now.getTime()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);

/** RFC 3339 with nanoseconds, as Pulumi writes it. */
export const timestamp = (now: Date): string =>
  now.toISOString().replace("Z", `${String(process.hrtime.bigint() % 1_000_000n).padStart(6, "0")}Z`);
