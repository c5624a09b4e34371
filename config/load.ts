/**
 * From config as it arrives (a file, or a Pulumi program's config map) to typed settings: strict, and with all mistakes
 * at once. Where it comes from is the business of `file.ts` and `pulumi.ts`.
 */
import { z } from "zod";
import { type EnvironmentConfig, environmentSchema } from "./environment";
import { configInvalid, type Mistake, mistakesOf, pathText, shown } from "./mistakes";
import { type ReleaseConfig, releaseConfigSchema, type TeamSettings } from "./settings";

/** The keys of namespace `switchyard`, without it. */
export interface ConfigSource {
  /** The file's name, for messages. */
  file: string;
  values: Record<string, unknown>;
  /** Mistakes that only the place it was read from can see: secrets in the open, text that is not YAML. */
  mistakes: Mistake[];
}

/** Throws `config-invalid`. */
export function parseEnvironment(source: ConfigSource): EnvironmentConfig {
  const input = decode(source.values, environmentSchema);
  const result = environmentSchema.safeParse(input);
  const mistakes = [...source.mistakes];
  if (!result.success) mistakes.push(...mistakesOf(result.error, environmentSchema, input));
  else mistakes.push(...betweenTeams(result.data));
  if (mistakes.length > 0 || !result.success) throw configInvalid(source.file, mistakes);
  return result.data;
}

const teamStackSchema = z.strictObject({ release: releaseConfigSchema.optional() });

/** A team stack's config: what a release wants, or undefined where there was none yet. Throws `config-invalid`. */
export function parseRelease(source: ConfigSource, settings: TeamSettings): ReleaseConfig | undefined {
  const input = decode(source.values, teamStackSchema);
  const result = teamStackSchema.safeParse(input);
  const mistakes = [...source.mistakes];
  if (!result.success) mistakes.push(...mistakesOf(result.error, teamStackSchema, input));
  else if (result.data.release) mistakes.push(...againstSlots(result.data.release, settings));
  if (mistakes.length > 0 || !result.success) throw configInvalid(source.file, mistakes);
  return result.data.release;
}

/**
 * Pulumi hands every top-level value to a program as text, objects as JSON. The schema says what the text stands for;
 * text that is nothing of the kind stays as it is, so that the message shows what a person wrote.
 */
function decode(values: Record<string, unknown>, schema: z.ZodType): Record<string, unknown> {
  const types = typesOf(schema);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const type = types.get(key);
      if (typeof value !== "string" || type === undefined || type === "string") return [key, value];
      return [key, fromJson(value)];
    }),
  );
}

const knownTypes = new WeakMap<z.ZodType, ReadonlyMap<string, string>>();

/** The JSON type of each top-level key. Worked out once: it takes milliseconds, and each switch of traffic parses config. */
function typesOf(schema: z.ZodType): ReadonlyMap<string, string> {
  const known = knownTypes.get(schema);
  if (known) return known;
  const properties = Object.entries(z.toJSONSchema(schema, { io: "input" }).properties ?? {});
  const types = new Map(
    properties.flatMap(([key, property]): [string, string][] =>
      typeof property === "object" && typeof property.type === "string" ? [[key, property.type]] : [],
    ),
  );
  knownTypes.set(schema, types);
  return types;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** What no single field can tell: two teams must not claim the same requests or branches. */
function betweenTeams({ teams, secrets }: EnvironmentConfig): Mistake[] {
  const mistakes: Mistake[] = [];
  const claimed = new Map<string, string>();
  const claim = (what: string, team: string, path: PropertyKey[], value: string) => {
    const holder = claimed.get(`${what} ${value}`);
    if (holder === undefined) claimed.set(`${what} ${value}`, team);
    else
      mistakes.push({ path: pathText(path), found: shown(value), expected: `a ${what} that team ${holder} has not` });
  };
  for (const [team, config] of Object.entries(teams)) {
    claim("branch prefix", team, ["teams", team, "branchPrefix"], config.branchPrefix);
    config.paths.forEach((prefix, index) => {
      claim("path", team, ["teams", team, "paths", index], prefix);
    });
  }
  for (const team of Object.keys(secrets).filter((name) => !(name in teams)))
    mistakes.push({
      path: pathText(["secrets", team]),
      found: "secrets of an unknown team",
      expected: `one of ${Object.keys(teams).join(", ")}`,
    });
  return mistakes;
}

function againstSlots(release: ReleaseConfig, settings: TeamSettings): Mistake[] {
  const known = settings.slots.map((slot) => slot.name);
  const expected = `one of ${known.join(", ")}`;
  const unknown = (path: PropertyKey[], slot: string): Mistake[] =>
    known.includes(slot) ? [] : [{ path: pathText(["release", ...path]), found: shown(slot), expected }];
  const mistakes = [
    ...(release.live === null ? [] : unknown(["live"], release.live)),
    ...Object.keys(release.slots).flatMap((slot) => unknown(["slots"], slot)),
    ...Object.keys(release.weights).flatMap((slot) => unknown(["weights"], slot)),
  ];
  const sum = Object.values(release.weights).reduce((total, weight) => total + weight, 0);
  if (sum !== 0 && sum !== 100)
    mistakes.push({
      path: pathText(["release", "weights"]),
      found: shown(release.weights),
      expected: "a sum of 100 or 0",
    });
  for (const [slot, weight] of Object.entries(release.weights))
    if (weight > 0 && !release.slots[slot])
      mistakes.push({
        path: pathText(["release", "weights", slot]),
        found: String(weight),
        expected: "0, since the slot is empty",
      });
  return mistakes;
}
