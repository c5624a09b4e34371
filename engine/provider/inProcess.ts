import type { provider as sdk } from "@pulumi/pulumi";
import { messageOf } from "../../config/errors";
import { PartialFailure, type Provider, type ProviderSource } from "../deployment";
import type { Json, PropertyMap } from "../state/types";
import { unwrapSecrets } from "../state/values";

export type InProcess = sdk.Provider | ((config: PropertyMap) => sdk.Provider);

/**
 * Providers written in TypeScript, called in this process as the SDK's own provider server would call them. The SDK's protocol
 * for them knows no configuration; a function gets that of the provider's resource, secrets opened.
 */
export function inProcessProviders(providers: Record<string, InProcess>): ProviderSource {
  const adapted = new Map<string, Provider>();
  return {
    async get(pkg, _version, config) {
      const found = Object.hasOwn(providers, pkg) ? providers[pkg] : undefined;
      if (found === undefined) return undefined;
      const opened = copy(unwrapSecrets(config));
      const key = typeof found === "function" ? `${pkg} ${JSON.stringify(opened)}` : pkg;
      const known = adapted.get(key);
      if (known !== undefined) return known;
      const provider = adapt(typeof found === "function" ? found(opened) : found);
      adapted.set(key, provider);
      return provider;
    },
  };
}

/** What a provider implements is optional; the answers for the rest are those of the SDK's server. */
function adapt(provider: sdk.Provider): Provider {
  return {
    async check(urn, olds, news) {
      if (provider.check === undefined) return { inputs: copy(news), failures: [] };
      const { inputs = news, failures } = answer("check", await provider.check(urn, copy(olds), copy(news)));
      return { inputs: copy(inputs), failures: failuresOf(failures) };
    },
    async diff(id, urn, oldOutputs, news) {
      if (provider.diff === undefined) return { replaces: [], deleteBeforeReplace: false };
      const found = answer("diff", await provider.diff(id, urn, copy(oldOutputs), copy(news)));
      const { changes, replaces, deleteBeforeReplace = false } = found;
      return { changes, replaces: list("replaces", replaces), deleteBeforeReplace };
    },
    async create(urn, inputs) {
      if (provider.create === undefined) throw new Error(`unknown resource type ${urn}`);
      const { id, outs } = answer("create", await initialized(provider.create(urn, copy(inputs))));
      return { id: idOf(id), outputs: copyOfCreated(idOf(id), outs) };
    },
    async update(id, urn, oldOutputs, news) {
      if (provider.update === undefined) return { outputs: {} };
      const { outs } = answer("update", await initialized(provider.update(id, urn, copy(oldOutputs), copy(news))));
      return { outputs: copy(outs) };
    },
    async read(id, urn, outputs) {
      if (provider.read === undefined) return { id, outputs: copy(outputs) };
      const found = answer("read", await provider.read(id, urn, copy(outputs)));
      return {
        id: idOf(found.id),
        outputs: copy(found.props),
        ...(found.inputs !== undefined && { inputs: copy(found.inputs) }),
      };
    },
    async delete(id, urn, outputs) {
      await provider.delete?.(id, urn, copy(outputs));
    },
    async invoke(token, args) {
      if (provider.invoke === undefined) throw new Error(`unknown function ${token}`);
      const { outputs, failures } = answer("invoke", await provider.invoke(token, copy(args)));
      return { outputs: copy(outputs), failures: failuresOf(failures) };
    },
  };
}

/** @throws Error where a provider answers a call with something else than an object. */
function answer<T>(call: string, answered: T): NonNullable<T> {
  if (typeof answered === "object" && answered !== null && !Array.isArray(answered)) return answered;
  const what = answered === null ? "null" : Array.isArray(answered) ? "a list" : typeof answered;
  throw new Error(`the provider answered '${call}' with ${what} in place of an object`);
}

function list<T>(name: string, value: T[] | undefined): T[] {
  if (value !== undefined && !Array.isArray(value)) throw new Error(`the provider gave '${name}' that is not a list`);
  return [...(value ?? [])];
}

const failuresOf = (failures: sdk.CheckFailure[] | undefined): { property: string; reason: string }[] =>
  list("failures", failures).map(({ property, reason }) => ({ property, reason }));

/** Undefined is no id, which whoever asked complains of. */
function idOf(id: string | undefined): string {
  if (id !== undefined && typeof id !== "string") throw new Error("the provider gave an id that is not text");
  return id ?? "";
}

/** What was created is there, whatever else the provider says of it: it is kept as one that did not become ready. */
function copyOfCreated(id: string, outs: unknown): PropertyMap {
  try {
    return copy(outs);
  } catch (thrown) {
    if (id === "") throw thrown;
    throw new PartialFailure(messageOf(thrown), id, {}, [messageOf(thrown)]);
  }
}

/** What crosses the border to a provider, or from it, is a copy of plain JSON. @throws Error for anything else. */
function copy(values: unknown): PropertyMap {
  const copied = copyValue(values ?? {}, "");
  if (typeof copied !== "object" || copied === null || Array.isArray(copied)) {
    throw new Error("a provider must give its properties as an object");
  }
  return copied;
}

function copyValue(value: unknown, path: string): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => copyValue(item, `${path}[${index}]`));
  const prototype = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  // Plain objects, those of another realm included (a test runner's).
  if (typeof value === "object" && value !== null && (prototype === null || prototype.constructor?.name === "Object")) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, copyValue(item, path ? `${path}.${key}` : key)]),
    );
  }
  const what =
    Object(value).__pulumiOutput === true ? "an Output, which only programs have," : "a value that is not JSON";
  throw new Error(`a provider gave ${what} at '${path}'`);
}

/** An error with an id says that the object is there and did not become ready. */
async function initialized<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const { id, properties, reasons } = Object(thrown) as { id?: unknown; properties?: unknown; reasons?: unknown };
    if (!(thrown instanceof Error) || typeof id !== "string" || id === "") throw thrown;
    const outputs = copyOfCreated(id, properties);
    throw new PartialFailure(thrown.message, id, outputs, Array.isArray(reasons) ? reasons.map(String) : []);
  }
}
