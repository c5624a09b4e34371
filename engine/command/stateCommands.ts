import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "../../config/errors";
import { readHistory, replaceFile, stackExists, writeCheckpointText } from "../backend";
import { type ConfigValue, isSecretValue, revealed } from "../config";
import { EngineFailure, exitCode } from "../failure";
import {
  type Checkpoint,
  diskForm,
  formatCheckpoint,
  formatDeployment,
  holdsSecrets,
  mapResources,
  mapValues,
  parseDeployment,
} from "../state/checkpoint";
import { integrityViolation } from "../state/integrity";
import { containsSecret, exposeSecrets, maskSecrets, openSecrets, unwrapSecrets } from "../state/secretValues";
import type { Json, ResourceState } from "../state/types";
import { flagValue, isSet, numberFlag } from "./arguments";
import {
  type Command,
  keysOf,
  loadCheckpoint,
  printJson,
  printTable,
  settingsOf,
  stackName,
  stackNotFound,
  targetOf,
  timestamp,
} from "./context";
import type { StackKeys } from "./keys";
import { locked } from "./stackCommands";

/** Opens every secret of a checkpoint; asks for the passphrase only where there is one. */
export async function openCheckpoint(checkpoint: Checkpoint, keys: StackKeys): Promise<Checkpoint> {
  if (!checkpointHoldsSecrets(checkpoint)) return checkpoint;
  const { decrypt } = await keys.open(checkpoint.saltText);
  return mapResources(checkpoint, (resource) => mapValues(resource, (value) => openSecrets(value, decrypt)));
}

const resourcesOf = ({ resources, pendingOperations }: Checkpoint): ResourceState[] => [
  ...resources,
  ...pendingOperations.map((operation) => operation.resource),
];

const checkpointHoldsSecrets = (checkpoint: Checkpoint): boolean => holdsSecrets(resourcesOf(checkpoint));

/** Seals an opened checkpoint under the stack's key and gives the text to write. */
export async function sealCheckpoint(checkpoint: Checkpoint, keys: StackKeys, name: string): Promise<string> {
  const key = checkpointHoldsSecrets(checkpoint) ? await keys.forWriting() : undefined;
  const encrypt = (text: string): string => key?.encrypt(text) ?? text;
  const sealed = mapResources(checkpoint, diskForm(encrypt));
  return formatCheckpoint({ ...sealed, saltText: keys.saltText }, name);
}

export const isStackResource = (resource: ResourceState): boolean =>
  resource.type === "pulumi:pulumi:Stack" && !resource.delete;

export const output: Command = async (invocation) => {
  const target = targetOf(invocation);
  const checkpoint = loadCheckpoint(target);
  const stored = checkpoint.resources.find(isStackResource)?.outputs ?? {};
  let shown: Json;
  if (isSet(invocation.args, "show-secrets") && containsSecret(stored)) {
    const { decrypt } = await keysOf(invocation, settingsOf(invocation, target), checkpoint).open(checkpoint.saltText);
    shown = unwrapSecrets(openSecrets(stored, decrypt));
  } else shown = maskSecrets(stored);
  const outputs: Record<string, Json> = Object(shown);
  const [name] = invocation.args.positional;
  if (name !== undefined && !Object.hasOwn(outputs, name)) {
    throw new EngineFailure(`current stack does not have output property '${name}'`);
  }
  const chosen = name === undefined ? outputs : (outputs[name] ?? null);
  if (isSet(invocation.args, "json")) return printJson(invocation, chosen);
  if (name !== undefined) return invocation.output.out(`${text(chosen)}\n`);
  const entries = Object.entries(outputs);
  invocation.output.out(`Current stack outputs (${entries.length}):\n`);
  printTable(
    invocation,
    ["    OUTPUT", "VALUE"],
    entries.map(([key, value]) => [`    ${key}`, text(value)]),
  );
};

const text = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

export const history: Command = async (invocation) => {
  const target = targetOf(invocation);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  const size = numberFlag(invocation.args, "page-size");
  const page = size ? { size, number: Math.max(1, numberFlag(invocation.args, "page") ?? 1) } : undefined;
  const records = readHistory(target.backend, target.id, page);
  if (!isSet(invocation.args, "json")) {
    for (const { kind, result, message, startTime } of records) {
      invocation.output.out(`${iso(startTime)}  ${kind}  ${result}  ${message}\n`);
    }
    return;
  }
  const show = isSet(invocation.args, "show-secrets");
  const secrets = show && records.some((record) => Object.values(record.config ?? {}).some(isSecretValue));
  const keys = secrets ? keysOf(invocation, settingsOf(invocation, target), loadCheckpoint(target)) : undefined;
  const key = await keys?.open(keys.saltText);
  const shown = records.map(({ config, startTime, endTime, version, kind, message, environment, result, ...rest }) => ({
    version,
    kind,
    startTime: iso(startTime),
    message,
    environment,
    config: Object.fromEntries(
      Object.entries(config ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]): [string, ConfigValue] => [name, configEntry(value, key?.decrypt)]),
    ),
    result,
    ...(endTime && { endTime: iso(endTime) }),
    ...rest,
  }));
  printJson(invocation, shown);
};

const iso = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

/** A config value for JSON output; without `decrypt` a secret shows only that it is one. */
export const configEntry = (stored: unknown, decrypt: ((ciphertext: string) => string) | undefined): ConfigValue =>
  isSecretValue(stored) && decrypt === undefined ? { secret: true } : revealed(stored, decrypt ?? ((text) => text));

export const exportState: Command = async (invocation) => {
  const target = targetOf(invocation);
  let checkpoint = loadCheckpoint(target);
  if (isSet(invocation.args, "show-secrets")) {
    const keys = keysOf(invocation, settingsOf(invocation, target), checkpoint);
    checkpoint = mapResources(await openCheckpoint(checkpoint, keys), (resource) => mapValues(resource, exposeSecrets));
  }
  const json = `${JSON.stringify({ version: 3, deployment: formatDeployment(checkpoint) }, null, 4)}\n`;
  const file = flagValue(invocation.args, "file");
  if (file === undefined) invocation.output.out(json);
  else replaceFile(resolve(invocation.folder, file), json);
};

export const importState: Command = async (invocation) => {
  const target = targetOf(invocation);
  const current = loadCheckpoint(target);
  const file = flagValue(invocation.args, "file");
  if (file === undefined)
    throw new EngineFailure("the embedded engine imports from a file; pass --file", exitCode.usage);
  const { version, deployment, features } = readExport(resolve(invocation.folder, file));
  const imported = parseDeployment(version, deployment, features);
  if (!isSet(invocation.args, "force")) refuseForeign(imported.resources, target.id.stack);
  await locked(invocation, target, async (lock) => {
    const settings = settingsOf(invocation, target);
    const keys = keysOf(invocation, settings, { ...imported, saltText: imported.saltText ?? current.saltText });
    const opened = await openCheckpoint({ ...imported, pendingOperations: [] }, keys);
    const sealed = await sealCheckpoint({ ...opened, time: timestamp(invocation.now()) }, keys, stackName(target));
    lock.fence();
    writeCheckpointText(target.backend, target.id, sealed, () => lock.fence());
  });
  invocation.output.out("Import complete.\n");
};

function readExport(path: string): { version?: unknown; deployment?: unknown; features?: unknown } {
  try {
    return Object(JSON.parse(readFileSync(path, "utf8")));
  } catch (thrown) {
    throw new EngineFailure(`could not read deployment from ${path}: ${messageOf(thrown)}`, 1, thrown);
  }
}

function refuseForeign(resources: ResourceState[], stack: string): void {
  const problems = resources
    .filter(({ urn }) => !urn?.startsWith(`urn:pulumi:${stack}::`))
    .map(({ urn }) => `resource '${urn}' is from a different stack (${urn?.split(/:+/)[2]} != ${stack})`);
  const violation = integrityViolation(resources);
  if (violation !== undefined) problems.push(`state file contains errors: ${violation}`);
  if (problems.length === 0) return;
  problems.push("importing this file could be dangerous; rerun with --force to proceed anyway");
  const lines = problems.map((problem, index) => `\n    ${index + 1}) ${problem}`);
  throw new EngineFailure(`${problems.length} errors occurred:${lines.join("")}`);
}
