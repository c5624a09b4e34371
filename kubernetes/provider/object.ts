/** Between Pulumi's inputs and outputs, and objects as the API server has them. */
import { createHash, randomBytes } from "node:crypto";
import { isSealed, seal, unwrap, type Values } from "../../config/wire";
import { type KubernetesObject, nameOf, type Reference } from "../client";

/** Kept in outputs beside the object: what was asked for, and under which name fields are owned. As the official provider has them. */
const inputsKey = "__inputs";
const managerKey = "__fieldManager";
const ownKeys = [inputsKey, managerKey, "__initialApiVersion"];

export const annotations = {
  autonamed: "pulumi.com/autonamed",
  skipAwait: "pulumi.com/skipAwait",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  patchForce: "pulumi.com/patchForce",
} as const;

export const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Inputs as they are sent: secrets opened, nulls left out. */
export function objectOf(inputs: Values): KubernetesObject {
  const { apiVersion, kind, metadata, ...rest } = withoutNulls(unwrap(inputs)) as Values;
  return { apiVersion: String(apiVersion), kind: String(kind), metadata: isObject(metadata) ? metadata : {}, ...rest };
}

/** Outputs: the object as it is, without who owns which field, and what was asked for. What a Secret holds stays secret. */
export function outputsOf(object: KubernetesObject, inputs: Values, fieldManager: string): Values {
  const { managedFields: _, ...metadata } = object.metadata;
  const secrets = object.kind === "Secret" ? { data: seal(object.data ?? {}) } : {};
  return {
    ...object,
    metadata,
    ...secrets,
    [inputsKey]: object.kind === "Secret" ? sealedSecret(inputs) : inputs,
    [managerKey]: fieldManager,
    __initialApiVersion: object.apiVersion,
  };
}

function sealedSecret(inputs: Values): Values {
  const sealed = ["data", "stringData"]
    .filter((key) => inputs[key] !== undefined && !isSealed(inputs[key]))
    .map((key) => [key, seal(inputs[key])]);
  return { ...inputs, ...Object.fromEntries(sealed) };
}

/** What the last operation asked for. */
export function lastInputs(outputs: Values): Values {
  const inputs = outputs[inputsKey];
  if (isObject(inputs)) return inputs;
  // of the official provider's newer versions, which keep none: all of the object but what the cluster adds
  const { status: _, ...rest } = outputs;
  return Object.fromEntries(Object.entries(rest).filter(([key]) => !ownKeys.includes(key)));
}

/**
 * The owner of the fields that one resource sets. It is made of the resource's URN, so that a driver that died between the
 * call and its record finds its own object again.
 */
export function managerOf(urn: string, outputs: Values): string {
  const held = outputs[managerKey];
  if (typeof held === "string" && held !== "") return held;
  return `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

export const idOf = ({ metadata }: KubernetesObject): string =>
  metadata.namespace === undefined ? (metadata.name ?? "") : `${metadata.namespace}/${metadata.name}`;

/** From the outputs of an earlier operation, or for an import from the resource's type and id. */
export function referenceBy(urn: string, id: string, outputs: Values): Reference {
  const [first = "", second] = id.split("/");
  const place = second === undefined ? { name: first } : { namespace: first, name: second };
  if (typeof outputs.apiVersion === "string" && typeof outputs.kind === "string") {
    return { apiVersion: outputs.apiVersion, kind: outputs.kind, ...place };
  }
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const [, group = "", kind = ""] = type.split(":");
  return { apiVersion: group.replace(/^core\//, ""), kind, ...place };
}

/** `name-1a2b3c4d`: for objects without a name of their own, which can then be replaced without being away. */
export const autoName = (urn: string): string =>
  `${urn.split("::").slice(3).join("::")}-${randomBytes(4).toString("hex")}`;

export const describe = (object: KubernetesObject): string => {
  const { name = "", namespace } = object.metadata;
  return nameOf({
    apiVersion: object.apiVersion,
    kind: object.kind,
    name,
    ...(namespace !== undefined && { namespace }),
  });
};

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null && item !== undefined).map(withoutNulls);
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}
