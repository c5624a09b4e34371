import { existsSync } from "node:fs";
import { readHistory, readText, replaceFile, type StoredConfig, stackExists } from "../backend";
import {
  fullKey,
  isSecretValue,
  masked,
  type PathSegment,
  parsePath,
  type StackFile,
  typedValue,
  valueAt,
} from "../config";
import { EngineFailure, exitCode } from "../failure";
import { isSet } from "./arguments";
import {
  type Command,
  type Invocation,
  keysOf,
  loadCheckpoint,
  printJson,
  printTable,
  settingsOf,
  stackNotFound,
  type Target,
  targetOf,
} from "./context";
import type { StackKeys } from "./keys";
import { configEntry } from "./stateCommands";

interface Opened {
  target: Target;
  settings: StackFile;
  keys: StackKeys;
}

function open(invocation: Invocation): Opened {
  const target = targetOf(invocation);
  const checkpoint = loadCheckpoint(target);
  const settings = settingsOf(invocation, target);
  return { target, settings, keys: keysOf(invocation, settings, checkpoint) };
}

/** The project's defaults under the stack's own values. */
export const mergedConfig = (target: Target, settings: StackFile): StoredConfig => ({
  ...target.project.defaults,
  ...settings.config,
});

function place(invocation: Invocation, target: Target, name: string): { key: string; path: PathSegment[] } {
  const [first = name, ...path] = isSet(invocation.args, "path") ? parsePath(name) : [name];
  return { key: fullKey(String(first), target.project.name), path };
}

async function setOne(
  invocation: Invocation,
  opened: Opened,
  name: string,
  value: string,
  secret: boolean,
): Promise<void> {
  const { key, path } = place(invocation, opened.target, name);
  if (secret) opened.settings.set(key, path, { secure: (await opened.keys.forWriting()).encrypt(value) });
  else opened.settings.set(key, path, path.length === 0 ? value : typedValue(value));
}

export const set: Command = async (invocation) => {
  const [name, value] = invocation.args.positional;
  if (name === undefined || value === undefined) {
    throw new EngineFailure(
      "config set needs a key and a value: the embedded engine reads none from standard input",
      exitCode.usage,
    );
  }
  const opened = open(invocation);
  await setOne(invocation, opened, name, value, isSet(invocation.args, "secret"));
  opened.settings.save();
};

export const setAll: Command = async (invocation) => {
  const opened = open(invocation);
  for (const { name: flag, value: text } of invocation.args.flags) {
    if (flag === "json") await setAllJson(invocation, opened, text);
    if (flag !== "secret" && flag !== "plaintext") continue;
    const equals = text.indexOf("=");
    if (equals < 0) throw new EngineFailure(`--${flag} takes KEY=VALUE; there is no '=' in what was given`);
    await setOne(invocation, opened, text.slice(0, equals), text.slice(equals + 1), flag === "secret");
  }
  opened.settings.save();
};

/** Takes what `config --json` prints. */
async function setAllJson(invocation: Invocation, opened: Opened, text: string): Promise<void> {
  let entries: Record<string, unknown>;
  try {
    entries = Object(JSON.parse(text));
  } catch (thrown) {
    throw new EngineFailure("--json takes a JSON object as `pulumi config --json` prints it", 1, thrown);
  }
  for (const [name, entry] of Object.entries(entries)) {
    const { value, objectValue, secret } = Object(entry);
    if (objectValue !== undefined && secret) {
      throw new EngineFailure(`'${name}' is a secret structure; set its parts with --path`, exitCode.usage);
    }
    if (objectValue !== undefined) {
      opened.settings.setStructure(fullKey(name, opened.target.project.name), objectValue);
    } else if (typeof value === "string") await setOne(invocation, opened, name, value, secret === true);
    else throw new EngineFailure(`'${name}' has no value`);
  }
}

export const get: Command = async (invocation) => {
  const { target, settings, keys } = open(invocation);
  const [name = ""] = invocation.args.positional;
  const { key, path } = place(invocation, target, name);
  const stored = valueAt(mergedConfig(target, settings)[key], path);
  if (stored === undefined) {
    throw new EngineFailure(`configuration key '${name}' not found for stack '${target.id.stack}'`);
  }
  const entry = configEntry(stored, await decryption(stored, settings, keys));
  if (isSet(invocation.args, "json")) printJson(invocation, entry);
  else invocation.output.out(`${entry.value}\n`);
};

/** Decrypts what the settings file holds; opens the key only where that is a secret. */
async function decryption(stored: unknown, settings: StackFile, keys: StackKeys): Promise<(text: string) => string> {
  if (!isSecretValue(stored)) return (text) => text;
  return (await keys.open(settings.saltText ?? keys.saltText)).decrypt;
}

export const all: Command = async (invocation) => {
  const { target, settings, keys } = open(invocation);
  const config = mergedConfig(target, settings);
  const names = Object.keys(config).sort();
  const show = isSet(invocation.args, "show-secrets");
  const decrypt = show ? await decryption(config, settings, keys) : undefined;
  if (isSet(invocation.args, "json")) {
    return printJson(invocation, Object.fromEntries(names.map((name) => [name, configEntry(config[name], decrypt)])));
  }
  const own = `${target.project.name}:`;
  const rows = names.map((name) => [
    name.startsWith(own) ? name.slice(own.length) : name,
    decrypt ? (configEntry(config[name], decrypt).value ?? "") : masked(config[name]),
  ]);
  printTable(invocation, ["KEY", "VALUE"], rows);
};

export const remove: Command = async (invocation) => {
  const { target, settings } = open(invocation);
  for (const name of invocation.args.positional) {
    const { key, path } = place(invocation, target, name);
    settings.remove(key, path);
  }
  settings.save();
};

/** Brings back the config of the last update, into an empty folder too. */
export const refresh: Command = async (invocation) => {
  const target = targetOf(invocation);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  const [last] = readHistory(target.backend, target.id, { size: 1, number: 1 });
  if (last === undefined) throw new EngineFailure("getting latest configuration: no previous deployment");
  const settings = settingsOf(invocation, target);
  const before = readText(settings.path);
  const { saltText } = loadCheckpoint(target);
  if (saltText !== undefined) settings.saltText = saltText;
  settings.config = last.config ?? {};
  if (before !== undefined && !isSet(invocation.args, "force")) {
    let backup = `${settings.path}.bak`;
    while (existsSync(backup)) backup += ".bak";
    replaceFile(backup, before);
    invocation.output.out(
      `backed up existing configuration file to ${backup}\nrefreshed configuration for stack '${target.id.stack}'\n`,
    );
  }
  settings.save();
};
