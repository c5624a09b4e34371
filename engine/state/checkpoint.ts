import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { messageOf } from "../../config/errors";
import { EngineFailure, notSupported } from "../failure";
import { integrityViolation } from "./integrity";
import { containsSecret, mapProperties, sealSecrets } from "./secretValues";
import type { Json, PendingOperation, ResourceState } from "./types";

/** The CLI version whose behaviour and formats the engine keeps to; it is stamped into state. */
export const engineVersion = "3.260.0";

/** What a checkpoint file says. Secrets are as on disk; fields that this engine does not know are kept. */
export interface Checkpoint {
  /** RFC 3339 time of the last write. */
  time?: string;
  /** The passphrase provider's salt; undefined: the stack has had no secrets yet. */
  saltText?: string;
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
  /** Other fields of the deployment, `metadata` among them. */
  others: Record<string, unknown>;
}

export const emptyCheckpoint = (): Checkpoint => ({ resources: [], pendingOperations: [], others: { metadata: {} } });

type Fields = Record<string, unknown>;

/** @throws EngineFailure that names the file and its backup; nothing is ever written over a file that cannot be read. */
export function parseCheckpoint(text: string, path: string): Checkpoint {
  try {
    const file: Fields = Object(JSON.parse(text));
    const checkpoint: Fields = Object(file.checkpoint);
    if (file.checkpoint === undefined) throw new EngineFailure("it has no checkpoint");
    return parseDeployment(file.version, checkpoint.latest ?? {}, file.features);
  } catch (thrown) {
    const backup = `${path}.bak`;
    const hint = existsSync(backup) ? `; its previous version is ${backup}` : "";
    throw new EngineFailure(
      `failed to load checkpoint: ${path}: ${messageOf(thrown)}${hint}. Nothing was overwritten`,
      1,
      thrown,
    );
  }
}

/** Reads the deployment of a checkpoint or of an export. */
export function parseDeployment(version: unknown, deployment: unknown, features: unknown): Checkpoint {
  if (version !== 3) {
    const named = Array.isArray(features) && features.length > 0 ? ` (features: ${features.join(", ")})` : "";
    throw notSupported(`state of format ${version}${named}`);
  }
  const { manifest, secrets_providers, resources, pending_operations, ...others }: Fields = Object(deployment);
  const provider: Fields = Object(secrets_providers);
  if (provider.type !== undefined && provider.type !== "" && provider.type !== "passphrase") {
    throw notSupported(`the secrets provider '${provider.type}'`);
  }
  const salt = Object(provider.state).salt;
  return {
    time: manifestTime(Object(manifest)),
    saltText: typeof salt === "string" ? salt : undefined,
    resources: listOf(resources, "resources"),
    pendingOperations: listOf(pending_operations, "pending_operations"),
    others: { metadata: {}, ...others },
  };
}

function manifestTime(manifest: Fields): string | undefined {
  if (typeof manifest.version === "string" && manifest.version !== "" && manifest.magic !== magicOf(manifest.version)) {
    throw new EngineFailure("its manifest is damaged (magic does not fit the version)");
  }
  return typeof manifest.time === "string" ? manifest.time : undefined;
}

function listOf<T>(value: unknown, name: string): T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== "object" || item === null)) {
    throw new EngineFailure(`its ${name} are not a list of objects`);
  }
  return value;
}

/** @throws EngineFailure where a list of resources breaks the rules that each engine demands. */
export function requireIntegrity(checkpoint: Checkpoint, path: string): void {
  const violation = integrityViolation(checkpoint.resources);
  if (violation !== undefined) {
    throw new EngineFailure(`state file contains errors: ${violation}. The file is ${path}; its backup ${path}.bak`);
  }
}

const magicOf = (version: string): string => createHash("sha256").update(version).digest("hex");

/** The deployment in Pulumi's own order of fields. */
export function formatDeployment(checkpoint: Checkpoint): Fields {
  const version = `v${engineVersion}`;
  const { metadata, ...others } = checkpoint.others;
  return {
    manifest: { time: checkpoint.time, magic: magicOf(version), version },
    ...(checkpoint.saltText && {
      secrets_providers: { type: "passphrase", state: { salt: checkpoint.saltText } },
    }),
    ...(checkpoint.resources.length > 0 && { resources: checkpoint.resources }),
    ...(checkpoint.pendingOperations.length > 0 && { pending_operations: checkpoint.pendingOperations }),
    metadata,
    ...others,
  };
}

export const formatCheckpoint = (checkpoint: Checkpoint, stackName: string): string =>
  JSON.stringify({ version: 3, checkpoint: { stack: stackName, latest: formatDeployment(checkpoint) } });

const valueFields = ["inputs", "outputs"] as const;

export const holdsSecrets = (resources: ResourceState[]): boolean =>
  resources.some((resource) => valueFields.some((field) => containsSecret(resource[field])));

/** The same resource with its values changed, for example with secrets opened. */
export function mapValues(resource: ResourceState, change: (value: Json) => Json): ResourceState {
  return {
    ...resource,
    inputs: mapProperties(resource.inputs, change),
    outputs: mapProperties(resource.outputs, change),
  };
}

/** Applies a change to the resources and to those of pending operations. */
export const mapResources = (
  checkpoint: Checkpoint,
  change: (resource: ResourceState) => ResourceState,
): Checkpoint => ({
  ...checkpoint,
  resources: checkpoint.resources.map(change),
  pendingOperations: checkpoint.pendingOperations.map(({ resource, type }) => ({ resource: change(resource), type })),
});

/** A resource as it is written: secrets sealed, maps sorted, fields in Pulumi's order, empty ones left out. */
export const diskForm =
  (encrypt: (plaintext: string) => string) =>
  (resource: ResourceState): ResourceState =>
    orderedFields(mapValues(resource, (value) => sealSecrets(value, encrypt)));

const fieldOrder = (
  "urn custom delete id type inputs outputs parent protect taint external dependencies initErrors provider " +
  "propertyDependencies pendingReplacement additionalSecretOutputs customTimeouts importID retainOnDelete " +
  "deletedWith replaceWith created modified sourcePosition stackTrace ignoreChanges hideDiff replaceOnChanges " +
  "replacementTrigger refreshBeforeUpdate viewOf resourceHooks extensionRef snippetID"
).split(" ");
const known = new Set([...fieldOrder, "aliases"]);

function orderedFields(resource: ResourceState): ResourceState {
  const { urn, custom, type } = resource;
  const fields = fieldOrder.flatMap((field): [string, unknown][] => {
    const value = field === "propertyDependencies" ? sortedMap(resource.propertyDependencies) : resource[field];
    return field === "custom" || !isEmpty(value) ? [[field, value]] : [];
  });
  const unknownFields = Object.entries(resource).filter(([field]) => !known.has(field));
  const ordered = Object.fromEntries([...fields, ...unknownFields]);
  // These three are in `ordered` at their places already; naming them tells the compiler.
  return Object.assign(ordered, { urn, custom, type });
}

const sortedMap = <T>(map: Record<string, T> | undefined): Record<string, T> | undefined =>
  map && Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
