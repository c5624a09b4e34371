/** Turns what zod found into sentences: the path as `pulumi config set --path` writes it, what was found, what is expected. */
import { z } from "zod";
import { SwitchyardError } from "./errors";

export interface Mistake {
  /** `switchyard:teams.ai-workflow.slots[0]` */
  path: string;
  found: string;
  expected: string;
}

/** One error for all mistakes of one file. */
export function configInvalid(file: string, mistakes: Mistake[]): SwitchyardError {
  const sentences = mistakes.map(({ path, found, expected }) => `${path}: found ${found}, expected ${expected}`);
  const message =
    sentences.length === 1
      ? `${file}: ${sentences[0]}`
      : `${sentences.length} mistakes in ${file}:\n${sentences.map((sentence) => `  ${sentence}`).join("\n")}`;
  return new SwitchyardError("config-invalid", message, { facts: { file, mistakes } });
}

/** `path` is where `input` stands in the file, for example `["release"]`. */
export function mistakesOf(error: z.ZodError, schema: z.ZodType, input: unknown, path: PropertyKey[] = []): Mistake[] {
  const described = z.toJSONSchema(schema, { io: "input" });
  return error.issues.map((issue) => {
    const place = pathText([...path, ...issue.path]);
    const node = schemaAt(described, issue.path);
    switch (issue.code) {
      case "unrecognized_keys":
        return {
          path: place,
          found: issue.keys.map((key) => `the unknown key \`${key}\``).join(", "),
          expected: `only ${Object.keys(node?.properties ?? {}).join(", ")}`,
        };
      case "invalid_key": {
        const key = String(issue.path.at(-1));
        return {
          path: pathText([...path, ...issue.path.slice(0, -1)]),
          found: `the key ${JSON.stringify(key)}`,
          expected: ownWords(issue.issues[0]?.message) ?? "another name",
        };
      }
      default:
        return {
          path: place,
          found: shown(valueAt(input, issue.path), [...path, ...issue.path]),
          expected: ownWords(issue.message) ?? expectation(node) ?? issue.message,
        };
    }
  });
}

/** `switchyard:teams.ai-workflow.slots[0]`; the empty path is the whole namespace. */
export function pathText(path: PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return `switchyard:${steps.replace(/^\./, "") || "*"}`;
}

/** What stands there, short enough for a sentence. Nothing below `secrets` is ever shown. */
export function shown(value: unknown, path: PropertyKey[] = []): string {
  if (value === undefined) return "nothing";
  if (path[0] === "secrets") return "a value (hidden)";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The schema's own messages begin with "expected"; zod's do not, and are replaced by what the schema says of the place. */
function ownWords(message: string | undefined): string | undefined {
  return message?.startsWith("expected ") ? message.slice("expected ".length) : undefined;
}

type Node = z.core.JSONSchema.BaseSchema;

function expectation(node: Node | undefined): string | undefined {
  if (node?.enum) return `one of ${node.enum.join(", ")}`;
  switch (node?.type) {
    case "array":
      return `a list of ${count(node.minItems, node.maxItems)}`;
    case "object":
      return "an object";
    case "string":
      return "some text";
    case "boolean":
      return "true or false";
    case "integer":
    case "number":
      return `${node.type === "integer" ? "a whole number" : "a number"}${range(node.minimum, node.maximum)}`;
    default:
      return undefined;
  }
}

function count(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && min === max) return `${min} entries`;
  return min ? `${min} or more entries` : "entries";
}

function range(min: number | undefined, max: number | undefined): string {
  // zod writes the limits of safe integers where the schema sets none
  const upper = max !== undefined && max < Number.MAX_SAFE_INTEGER ? max : undefined;
  if (min !== undefined && upper !== undefined) return ` from ${min} to ${upper}`;
  if (min !== undefined && min > -Number.MAX_SAFE_INTEGER) return ` of at least ${min}`;
  return upper === undefined ? "" : ` of at most ${upper}`;
}

/** The JSON Schema of the place that a path leads to. */
function schemaAt(schema: Node, path: PropertyKey[]): Node | undefined {
  return path.reduce<Node | undefined>((node, step) => {
    if (typeof step === "number") {
      return asNode(node?.prefixItems?.[step]) ?? asNode(Array.isArray(node?.items) ? node.items[step] : node?.items);
    }
    return asNode(node?.properties?.[String(step)]) ?? asNode(node?.additionalProperties);
  }, schema);
}

function asNode(schema: unknown): Node | undefined {
  return typeof schema === "object" && schema !== null ? (schema as Node) : undefined;
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
    input,
  );
}
