import type { z } from "zod";

export type Schema = z.core.JSONSchema.BaseSchema;

/** One line of documentation: a field, what it means, and what it is when nobody says anything. */
export interface Field {
  /** `teams.<team>.health.endpoints` */
  path: string;
  type: string;
  /** JSON, or undefined where there is no default. */
  default: string | undefined;
  required: boolean;
  means: string;
}

/** Every field of a schema, objects before what is in them, in the order of the schema. */
export function fieldsOf(schema: Schema, path = ""): Field[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    if (typeof value !== "object") return [];
    const own = path === "" ? name : `${path}.${name}`;
    return [fieldOf(own, value, required.has(name)), ...below(own, value)];
  });
}

function fieldOf(path: string, schema: Schema, required: boolean): Field {
  // an object's default is that of its fields, which have lines of their own
  const value = schema.type === "object" ? undefined : schema.default;
  return {
    path,
    type: typeOf(schema),
    default: value === undefined ? undefined : JSON.stringify(value),
    required,
    means: schema.description ?? "",
  };
}

function below(path: string, schema: Schema): Field[] {
  const values = schema.additionalProperties;
  if (typeof values !== "object" || values.properties === undefined) return fieldsOf(schema, path);
  return fieldsOf(values, `${path}.<${path.split(".").at(-1)?.replace(/s$/, "")}>`);
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(" or ");
  if (schema.type === "array") {
    const [first] = schema.prefixItems ?? [schema.items];
    const entries = first !== undefined && typeof first === "object" && !Array.isArray(first) ? typeOf(first) : "value";
    return `list of ${schema.prefixItems ? `${schema.prefixItems.length} ` : ""}${entries}`;
  }
  if (schema.type === "object") return "object";
  if (schema.type === "string") return schema.pattern?.includes("(ms|s|m|h|d)") ? "duration" : "text";
  if (schema.type === "boolean") return "true or false";
  return schema.type === "integer" ? "whole number" : String(schema.type ?? "value");
}
