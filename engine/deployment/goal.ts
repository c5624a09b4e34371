import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { notSupported } from "../failure";
import type { Json, PropertyMap, ResourceState, Urn } from "../state/types";
import {
  archiveSignature,
  assetSignature,
  isObject,
  isUnknown,
  outputSignature,
  secret,
  signatureKey,
  unknown,
} from "../state/values";

/** An old name of a resource: a URN, or what differs from today's. */
export type Alias = { urn: Urn } | { name: string; type: string; stack: string; project: string; parent: Urn };

/** What the program wants a resource to be. */
export interface Goal {
  type: string;
  name: string;
  custom: boolean;
  /** Empty: none. */
  parent: Urn;
  inputs: PropertyMap;
  dependencies: Urn[];
  /** Undefined for what the engine registers itself. */
  propertyDependencies: Record<string, Urn[]> | undefined;
  provider?: string;
  /** By package, for children. */
  providers: Record<string, string>;
  protect?: boolean;
  retainOnDelete?: boolean;
  deletedWith?: Urn;
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  customTimeouts?: NonNullable<ResourceState["customTimeouts"]>;
  aliases: Alias[];
  /** Set for a resource that is read and not managed: `X.get(name, id)`. */
  readId?: string;
}

/** The options that nobody imitates here. Refused by name, since ignoring one would do something else than asked. */
function refuseUnknown(request: RegisterResourceRequest): void {
  const refused: [boolean, string][] = [
    [request.getRemote(), "a remote component"],
    [request.getImportid() !== "", "the resource option 'import'"],
    [request.getPackageref() !== "", "a parameterized package"],
    [request.getTransformsList().length > 0, "the resource option 'transforms'"],
    [request.getReplaceWithList().length > 0, "the resource option 'replaceWith'"],
    [request.hasReplacementTrigger(), "the resource option 'replacementTrigger'"],
    [request.getHidediffsList().length > 0, "the resource option 'hideDiffs'"],
    [request.getStateMigrationsList().length > 0, "the resource option 'stateMigrations'"],
    [request.getEnvvarmappingsMap().getLength() > 0, "the resource option 'envVarMappings'"],
    [Object.values(request.getHooks()?.toObject() ?? {}).some((names) => names.length > 0), "the option 'hooks'"],
  ];
  for (const [asked, what] of refused) if (asked) throw notSupported(what);
}

/** @throws EngineFailure for an option that is not supported. */
export async function goalOf(request: RegisterResourceRequest, workDir: string): Promise<Goal> {
  refuseUnknown(request);
  const inputs = await received(structOf(request.getObject()), workDir);
  const dependencies = request.getDependenciesList();
  const sent = request.getPropertydependenciesMap();
  const dependenciesOf = (key: string): Urn[] =>
    sent.getLength() === 0 ? dependencies : (sent.get(key)?.getUrnsList() ?? []);
  const timeouts = request.getCustomtimeouts();
  const customTimeouts = {
    ...secondsAs("create", timeouts?.getCreate()),
    ...secondsAs("update", timeouts?.getUpdate()),
    ...secondsAs("delete", timeouts?.getDelete()),
    ...secondsAs("read", timeouts?.getRead()),
  };
  return {
    type: request.getType(),
    name: request.getName(),
    custom: request.getCustom(),
    parent: request.getParent(),
    inputs,
    dependencies,
    propertyDependencies: Object.fromEntries(
      [...new Set([...Object.keys(inputs), ...sent.getEntryList().map(([key]) => key)])].map((key) => [
        key,
        dependenciesOf(key),
      ]),
    ),
    provider: request.getProvider() || undefined,
    providers: Object.fromEntries(request.getProvidersMap().getEntryList()),
    protect: request.hasProtect() ? request.getProtect() : undefined,
    retainOnDelete: request.hasRetainondelete() ? request.getRetainondelete() : undefined,
    deletedWith: request.getDeletedwith() || undefined,
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    ...(Object.keys(customTimeouts).length > 0 && { customTimeouts }),
    aliases: aliasesOf(request),
  };
}

function aliasesOf(request: RegisterResourceRequest): Alias[] {
  const specs = request.getAliasesList().map((alias): Alias => {
    const spec = alias.getSpec();
    if (spec === undefined) return { urn: alias.getUrn() };
    return {
      name: spec.getName() || request.getName(),
      type: spec.getType() || request.getType(),
      stack: spec.getStack(),
      project: spec.getProject(),
      parent: spec.getNoparent() ? "" : spec.getParenturn() || request.getParent(),
    };
  });
  return [...specs, ...request.getAliasurnsList().map((urn) => ({ urn }))];
}

/** A protobuf struct as plain JSON. */
export const structOf = (struct: { toJavaScript(): object } | undefined): PropertyMap =>
  (struct?.toJavaScript() ?? {}) as PropertyMap;

const unitSeconds: Record<string, number> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };

/** Go's durations: `1h30m`, `5m`, `90s`. */
function secondsOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/g)];
  if (parts.map(([part]) => part).join("") !== text) throw new Error(`'${text}' is not a duration, like 5m or 1h30m`);
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitSeconds[unit ?? ""] ?? 0), 0);
}

const secondsAs = (key: string, text = ""): Record<string, number> => (text === "" ? {} : { [key]: secondsOf(text) });

/** Values as state keeps them: one sentinel for all unknowns, assets with their hash, no output envelopes. */
export async function received(inputs: PropertyMap, workDir: string): Promise<PropertyMap> {
  return (await receivedValue(inputs, workDir)) as PropertyMap;
}

async function receivedValue(value: Json, workDir: string): Promise<Json> {
  if (isUnknown(value)) return unknown;
  if (Array.isArray(value)) return Promise.all(value.map((item: Json) => receivedValue(item, workDir)));
  if (!isObject(value)) return value;
  const signature = value[signatureKey];
  if (signature === archiveSignature) throw notSupported("an archive as an input");
  if (signature === assetSignature) return assetOf(value, workDir);
  if (signature === outputSignature) {
    const inner = value.value === undefined ? unknown : await receivedValue(value.value, workDir);
    return value.secret === true ? secret(inner) : inner;
  }
  const entries = Object.entries(value).map(async ([key, item]) => [key, await receivedValue(item, workDir)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** An asset with its hash, and without what only the SDK needs to recognize it. */
async function assetOf(value: { [key: string]: Json }, workDir: string): Promise<Json> {
  const { text, path } = value;
  const tag = { [signatureKey]: assetSignature };
  const hashOf = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
  if (typeof text === "string") return { ...tag, hash: hashOf(text), text };
  if (typeof path !== "string" || path === "") throw notSupported("an asset from a URI");
  return { ...tag, hash: hashOf(await readFile(resolve(workDir, path))), path };
}
