import type { z } from "zod";
import { hasUnknown, unwrap, type Values } from "../../config/wire";
import type { LocalRuntime } from "../client";

export interface Failure {
  property: string;
  reason: string;
}

/** Where a call comes from. */
export interface Call {
  /** For example `dev.ai-workflow`. */
  stack: string;
  runtime: LocalRuntime;
}

/** One resource type, in plain values: envelopes are off, and the schema has accepted them. */
interface Definition<T> {
  id(inputs: T): string;
  /** Properties that cannot be changed in place. */
  replaceOn: (keyof T & string)[];
  /** Two of it cannot be there at the same time, so the old one has to go first. */
  deleteBeforeReplace?: boolean;
  /** What the schema cannot say. `olds`: the last inputs; null for a new resource. */
  check?(news: T, olds: T | null, call: Call): Failure[];
  /** Returns outputs beyond the inputs. */
  create(inputs: T, call: Call): Promise<Values>;
  update(news: T, olds: T, call: Call): Promise<Values>;
  /** What is, as far as it can be seen; undefined: it is gone. */
  read(inputs: T, call: Call): Promise<Partial<T> | undefined>;
  delete(inputs: T, call: Call): Promise<void>;
}

/** The same for values as they come over the wire: in envelopes, not checked, outputs beside inputs. */
export interface Kind {
  properties: string[];
  replaceOn: string[];
  deleteBeforeReplace: boolean;
  check(news: Values, olds: Values, call: Call): Failure[];
  create(inputs: Values, call: Call): Promise<{ id: string; more: Values }>;
  update(news: Values, olds: Values, call: Call): Promise<Values>;
  /** Properties that are not what `outputs` say; undefined: it is gone. */
  read(outputs: Values, call: Call): Promise<Values | undefined>;
  delete(outputs: Values, call: Call): Promise<void>;
}

export function kind<S extends z.ZodObject>(schema: S, definition: Definition<z.output<S>>): Kind {
  const properties = Object.keys(schema.shape);
  const inputsIn = (values: Values) =>
    unwrap(Object.fromEntries(properties.filter((key) => key in values).map((key) => [key, values[key]])));
  const parse = (values: Values) => schema.parse(inputsIn(values));
  return {
    properties,
    replaceOn: definition.replaceOn,
    deleteBeforeReplace: definition.deleteBeforeReplace ?? false,
    check(news, olds, call) {
      const plain = unwrap(news) as Values;
      const parsed = schema.safeParse(plain);
      const failures = (parsed.error?.issues ?? []).flatMap(failuresOf).filter((it) => !hasUnknown(plain[it.property]));
      if (!parsed.success || hasUnknown(plain)) return failures;
      // Inputs that an older Switchyard wrote and that no longer parse are as good as none.
      const last = schema.safeParse(inputsIn(olds));
      return definition.check?.(parsed.data, last.success ? last.data : null, call) ?? [];
    },
    async create(inputs, call) {
      const values = parse(inputs);
      return { id: definition.id(values), more: await definition.create(values, call) };
    },
    update: async (news, olds, call) => definition.update(parse(news), parse(olds), call),
    read: async (outputs, call) => (await definition.read(parse(outputs), call)) as Values | undefined,
    delete: async (outputs, call) => definition.delete(parse(outputs), call),
  };
}

function failuresOf(issue: z.core.$ZodIssue): Failure[] {
  if (issue.code === "unrecognized_keys" && issue.path.length === 0)
    return issue.keys.map((property) => ({ property, reason: "there is no such property" }));
  const place = issue.path.length > 1 ? `${issue.path.join(".")}: ` : "";
  return [{ property: String(issue.path[0] ?? ""), reason: `${place}${issue.message}` }];
}
