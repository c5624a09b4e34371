import { z } from "zod";
import { environmentSchema, loadBalancerKinds } from "../environment";
import type { Schema } from "./fields";

/** Keys that a file may hold in another form than the schema's own. */
const asWritten: Record<string, (value: Schema | boolean) => unknown> = {
  secrets: withSealed,
  loadBalancer: (value) => ({ anyOf: [{ enum: loadBalancerKinds }, value] }),
};

/** schemas/pulumi-stack.schema.json: a whole `Pulumi.<environment>.yaml`, for editors. Keys of others are left to them. */
export function stackSchema(): string {
  const { $schema, properties = {}, ...rest } = z.toJSONSchema(environmentSchema, { io: "input" });
  const namespaced = Object.entries(properties).map(([key, value]) => {
    return [`switchyard:${key}`, asWritten[key]?.(value) ?? value];
  });
  const schema = {
    $schema,
    title: "Pulumi.<environment>.yaml of a Switchyard project",
    type: "object",
    properties: {
      encryptionsalt: { type: "string" },
      secretsprovider: { type: "string" },
      encryptedkey: { type: "string" },
      config: {
        ...rest,
        properties: Object.fromEntries(namespaced),
        additionalProperties: true,
        // what is in our namespace and is none of the keys above is a slip of the pen
        propertyNames: { anyOf: [{ not: { pattern: "^switchyard:" } }, { enum: namespaced.map(([key]) => key) }] },
      },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Secret values stand in the file as Pulumi encrypted them. */
function withSealed(secrets: Schema | boolean): unknown {
  if (typeof secrets !== "object" || typeof secrets.additionalProperties !== "object") return secrets;
  const sealed = {
    type: "object",
    properties: { secure: { type: "string" } },
    required: ["secure"],
    additionalProperties: false,
  };
  const perTeam = { ...secrets.additionalProperties, additionalProperties: sealed };
  return { description: secrets.description, anyOf: [sealed, { ...secrets, additionalProperties: perTeam }] };
}
