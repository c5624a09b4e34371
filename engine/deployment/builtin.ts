import { randomUUID } from "node:crypto";
import { EngineFailure, notSupported } from "../failure";
import type { PropertyMap } from "../state/types";
import { equal } from "../state/values";
import type { DeploymentRequest, Provider, ProviderSource } from "./request";
import { packageOf, parseUrn } from "./urn";

const internalKey = "__internal";
/** Without what the engine itself keeps there. */
export const publicPart = ({ [internalKey]: _, ...inputs }: PropertyMap): PropertyMap => inputs;

/** What is said where a package has no provider in this process. */
export const noProvider = (pkg: string): EngineFailure =>
  new EngineFailure(
    `no provider for package '${pkg}': the embedded engine downloads no plugins; pass one to embeddedEngine(), attach one with PULUMI_DEBUG_PROVIDERS, or use the Pulumi CLI (--engine cli)`,
  );

/** Provider resources themselves: an id and the inputs. */
export function providerOfProviders(source: ProviderSource): Provider {
  return {
    async check(urn, _olds, news) {
      const pkg = packageOf(parseUrn(urn).type);
      const { version, ...config } = publicPart(news);
      const wanted = typeof version === "string" ? version : undefined;
      if (pkg !== "pulumi" && (await source.get(pkg, wanted, config)) === undefined) throw noProvider(pkg);
      return { inputs: news, failures: [] };
    },
    async diff(_id, _urn, oldOutputs, news) {
      return { changes: !equal(oldOutputs, publicPart(news)), replaces: [], deleteBeforeReplace: false };
    },
    create: async (_urn, inputs) => ({ id: randomUUID(), outputs: publicPart(inputs) }),
    update: async (_id, _urn, _oldOutputs, news) => ({ outputs: publicPart(news) }),
    read: async (id, _urn, outputs) => ({ id, outputs }),
    delete: async () => undefined,
    invoke: async (token) => Promise.reject(notSupported(`the function '${token}'`)),
  };
}

const stackReferenceType = "pulumi:pulumi:StackReference";

/** The package `pulumi`: references to other stacks. */
export function pulumiProvider(request: Pick<DeploymentRequest, "stackOutputs">): Provider {
  const refuse = (urn: string): never => {
    throw notSupported(`the resource type '${parseUrn(urn).type}'`);
  };
  const outputsOf = async (name: unknown) => {
    const found = typeof name === "string" ? await request.stackOutputs(name) : undefined;
    if (found === undefined) throw new EngineFailure(`unknown stack "${String(name)}"`);
    return found;
  };
  return {
    check: async (urn, _olds, news) =>
      parseUrn(urn).type === stackReferenceType ? { inputs: news, failures: [] } : refuse(urn),
    diff: async () => ({ changes: false, replaces: [], deleteBeforeReplace: false }),
    create: async (urn) => refuse(urn),
    update: async (_id, urn) => refuse(urn),
    async read(id, urn, _outputs, inputs) {
      if (parseUrn(urn).type !== stackReferenceType) return refuse(urn);
      const { outputs, secretOutputNames } = await outputsOf(inputs.name ?? id);
      return { id, outputs: { name: inputs.name ?? id, outputs, secretOutputNames } };
    },
    delete: async () => undefined,
    async invoke(token, args) {
      if (token !== "pulumi:pulumi:readStackOutputs") throw notSupported(`the function '${token}'`);
      const { outputs, secretOutputNames } = await outputsOf(args.name);
      return { outputs: { name: args.name ?? null, outputs, secretOutputNames }, failures: [] };
    },
  };
}
