/** Config from `Pulumi.<environment>.yaml`, for everything that is not a Pulumi program: the driver, the CLI, the docs. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { type EnvironmentConfig, type EnvironmentName, environmentFileNames, environmentSchema } from "./environment";
import { SwitchyardError } from "./errors";
import { type ConfigSource, parseEnvironment } from "./load";
import { configInvalid, type Mistake, pathText } from "./mistakes";

/**
 * As in Pulumi, a file that is not there is an empty one: the environment has its defaults. Secret values are not in the
 * answer: they are opened by Pulumi alone, inside the program. Throws `config-invalid`.
 */
export function loadEnvironmentFile(projectDir: string, environment: EnvironmentName): EnvironmentConfig {
  const [file = `Pulumi.${environment}.yaml`, second] = environmentFileNames(environment).filter((name) =>
    existsSync(join(projectDir, name)),
  );
  if (second !== undefined) {
    throw configInvalid(second, [
      { path: pathText([]), found: `a second file for ${environment}`, expected: `everything in ${file}` },
    ]);
  }
  const path = join(projectDir, file);
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const known = lastParsed.get(path);
  if (known?.text === text) return known.config;
  const config = parseEnvironment(readSource(file, text));
  lastParsed.set(path, { text, config });
  return config;
}

/**
 * Where an environment runs, and on which engine, as far as the file can be understood. For all that must work while it
 * holds a mistake: a rollback above all.
 */
export function loadWhereItRuns(projectDir: string, environment: EnvironmentName): z.output<typeof whereItRuns> {
  try {
    return loadEnvironmentFile(projectDir, environment);
  } catch (thrown) {
    const file = environmentFileNames(environment).find((name) => existsSync(join(projectDir, name)));
    if (!(thrown instanceof SwitchyardError) || file === undefined) throw thrown;
    return whereItRuns.parse(readSource(file, readFileSync(join(projectDir, file), "utf8")).values);
  }
}

const { platform, engine } = environmentSchema.shape;
const whereItRuns = z.object({ platform: platform.catch(undefined), engine: engine.catch(undefined) });

/** A driver asks several times for each team, and a file of a hundred teams takes long to parse. */
const lastParsed = new Map<string, { text: string; config: EnvironmentConfig }>();

export function readSource(file: string, text: string): ConfigSource {
  const document = parseDocument(text, { prettyErrors: true });
  const mistakes: Mistake[] = document.errors.map((error) => ({
    path: error.linePos ? `line ${error.linePos[0].line}` : "the file",
    found: (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
    expected: "YAML",
  }));
  const whole: unknown = mistakes.length === 0 ? document.toJS() : null;
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(isObject(whole) && isObject(whole.config) ? whole.config : {})) {
    // a key without namespace has the project's, and the project is called switchyard
    const name = key.includes(":") ? /^switchyard:(.+)$/.exec(key)?.[1] : key;
    if (name !== undefined) values[name] = name === "secrets" ? sealed(value, mistakes) : open(value, [name], mistakes);
  }
  return { file, values, mistakes };
}

/** Below `secrets` every value must be encrypted; its place is kept and its value is not. */
function sealed(value: unknown, mistakes: Mistake[]): unknown {
  if (isSecure(value)) return {};
  return mapLeaves(value, ["secrets"], (leaf, path) => {
    if (!isSecure(leaf))
      mistakes.push({ path: pathText(path), found: "plain text (hidden)", expected: "a value set with `--secret`" });
    return "[secret]";
  });
}

function open(value: unknown, path: PropertyKey[], mistakes: Mistake[]): unknown {
  return mapLeaves(value, path, (leaf, place) => {
    if (!isSecure(leaf)) return leaf;
    mistakes.push({
      path: pathText(place),
      found: "a secret",
      expected: "plain text; secrets belong in switchyard:secrets",
    });
    return "[secret]";
  });
}

function mapLeaves(value: unknown, path: PropertyKey[], map: (leaf: unknown, path: PropertyKey[]) => unknown): unknown {
  if (Array.isArray(value)) return value.map((entry, index) => mapLeaves(entry, [...path, index], map));
  if (!isObject(value) || isSecure(value)) return map(value, path);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapLeaves(entry, [...path, key], map)]));
}

/** How Pulumi writes an encrypted value in YAML. */
const isSecure = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length === 1 && typeof value.secure === "string";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
