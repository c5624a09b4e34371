import type { provider as providers } from "@pulumi/pulumi";
import { PartialFailure } from "../deployment/partialFailure";
import type { Provider, ProviderSource } from "../deployment/request";
import type { PropertyMap } from "../state/types";

type InProcess = providers.Provider | (() => providers.Provider);

/** Providers that run in this process, each made when it is first needed. */
export function inProcessProviders(byPackage: Record<string, InProcess>): ProviderSource {
  const made = new Map<string, Provider>();
  return {
    async get(pkg) {
      const source = Object.hasOwn(byPackage, pkg) ? byPackage[pkg] : undefined;
      if (source === undefined) return undefined;
      const provider = made.get(pkg) ?? adapted(typeof source === "function" ? source() : source);
      made.set(pkg, provider);
      return provider;
    },
  };
}

/** A provider of the SDK as the engine calls it; what is missing does what the SDK's own server does in its place. */
function adapted(provider: providers.Provider): Provider {
  return {
    async check(urn, olds, news) {
      const result = await provider.check?.(urn, copied(olds), copied(news));
      const failures = (result?.failures ?? []).map(({ property, reason }) => ({ property, reason }));
      return { inputs: result?.inputs ? copied(result.inputs) : copied(news), failures };
    },
    async diff(id, urn, oldOutputs, news) {
      const result = await provider.diff?.(id, urn, copied(oldOutputs), copied(news));
      return {
        changes: result?.changes,
        replaces: [...(result?.replaces ?? [])],
        deleteBeforeReplace: result?.deleteBeforeReplace ?? false,
      };
    },
    async create(urn, inputs) {
      if (provider.create === undefined) throw new Error(`unknown resource type ${urn}`);
      const { id, outs } = await failingInParts(provider.create(urn, copied(inputs)));
      return { id, outputs: copied(outs) };
    },
    async update(id, urn, oldOutputs, news) {
      const result = await failingInParts(
        provider.update?.(id, urn, copied(oldOutputs), copied(news)) ?? Promise.resolve({ outs: undefined }),
      );
      return { outputs: copied(result?.outs) };
    },
    async read(id, urn, outputs) {
      if (provider.read === undefined) return { id, outputs };
      const result = await provider.read(id, urn, copied(outputs));
      return {
        id: result.id ?? "",
        outputs: copied(result.props),
        ...(result.inputs !== undefined && { inputs: copied(result.inputs) }),
      };
    },
    async delete(id, urn, outputs) {
      await provider.delete?.(id, urn, copied(outputs));
    },
    async invoke(token, args) {
      if (provider.invoke === undefined) throw new Error(`unknown function ${token}`);
      const { outputs, failures = [] } = await provider.invoke(token, copied(args));
      return { outputs: copied(outputs), failures: failures.map(({ property, reason }) => ({ property, reason })) };
    },
  };
}

/** As if it had gone over a wire: nothing shared, nothing undefined, no prototypes. */
const copied = (value: object | undefined): PropertyMap => JSON.parse(JSON.stringify(value ?? {}));

/** An error that names an id tells of a resource that was made and did not become ready. */
async function failingInParts<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    const { id, properties, reasons } = Object(thrown);
    if (typeof id !== "string" || id === "") throw thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    throw new PartialFailure(message, id, copied(properties), Array.isArray(reasons) ? reasons.map(String) : []);
  }
}
