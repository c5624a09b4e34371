import type { provider as sdk } from "@pulumi/pulumi";
import { PartialFailure, type Provider, type ProviderSource } from "../deployment";
import type { Json, PropertyMap } from "../state/types";

type InProcess = sdk.Provider | (() => sdk.Provider);

/** Providers written in TypeScript, called in this process as the SDK's own provider server would call them. */
export function inProcessProviders(providers: Record<string, InProcess>): ProviderSource {
  const adapted = new Map<string, Provider>();
  return {
    async get(pkg) {
      const known = adapted.get(pkg);
      const found = Object.hasOwn(providers, pkg) ? providers[pkg] : undefined;
      if (known !== undefined || found === undefined) return known;
      const provider = adapt(typeof found === "function" ? found() : found);
      adapted.set(pkg, provider);
      return provider;
    },
  };
}

/** What a provider implements is optional; the answers for the rest are those of the SDK's server. */
function adapt(provider: sdk.Provider): Provider {
  return {
    async check(urn, olds, news) {
      const { inputs = news, failures = [] } = (await provider.check?.(urn, copy(olds), copy(news))) ?? {};
      return { inputs: copy(inputs), failures: failures.map(({ property, reason }) => ({ property, reason })) };
    },
    async diff(id, urn, oldOutputs, news) {
      const { changes, replaces, deleteBeforeReplace } =
        (await provider.diff?.(id, urn, copy(oldOutputs), copy(news))) ?? {};
      return { changes, replaces: [...(replaces ?? [])], deleteBeforeReplace: deleteBeforeReplace ?? false };
    },
    async create(urn, inputs) {
      if (provider.create === undefined) throw new Error(`unknown resource type ${urn}`);
      const { id, outs } = await initialized(provider.create(urn, copy(inputs)));
      return { id: String(id ?? ""), outputs: copy(outs) };
    },
    async update(id, urn, oldOutputs, news) {
      const updated = provider.update?.(id, urn, copy(oldOutputs), copy(news));
      return { outputs: copy(updated && (await initialized(updated)).outs) };
    },
    async read(id, urn, outputs) {
      if (provider.read === undefined) return { id, outputs: copy(outputs) };
      const found = await provider.read(id, urn, copy(outputs));
      return {
        id: String(found.id ?? ""),
        outputs: copy(found.props),
        ...(found.inputs !== undefined && { inputs: copy(found.inputs) }),
      };
    },
    async delete(id, urn, outputs) {
      await provider.delete?.(id, urn, copy(outputs));
    },
    async invoke(token, args) {
      if (provider.invoke === undefined) throw new Error(`unknown function ${token}`);
      const { outputs, failures = [] } = await provider.invoke(token, copy(args));
      return { outputs: copy(outputs), failures: failures.map(({ property, reason }) => ({ property, reason })) };
    },
  };
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
  throw new Error(`a provider gave a value that is not JSON at '${path}'`);
}

/** An error with an id says that the object is there and did not become ready. */
async function initialized<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const { id, properties, reasons } = thrown as { id?: unknown; properties?: unknown; reasons?: unknown };
    if (!(thrown instanceof Error) || typeof id !== "string" || id === "") throw thrown;
    throw new PartialFailure(thrown.message, id, copy(properties), Array.isArray(reasons) ? reasons.map(String) : []);
  }
}
