import { rcompare, valid } from "semver";
import type { PropertyMap, ResourceState, Urn } from "../state/types";
import { secret } from "../state/values";
import { noProvider, providerOfProviders, publicPart, pulumiProvider } from "./builtin";
import type { Goal } from "./goal";
import type { DeploymentRequest, Provider } from "./request";
import { isProviderType, packageOf, parseUrn, providerReference, providerType, providerUrn } from "./urn";

type Register = (goal: Goal) => Promise<ResourceState>;

/** Finds the provider behind a resource, and registers default providers when they are first needed. */
export class Providers {
  readonly #request: DeploymentRequest;
  readonly #find: (urn: Urn, reference: string) => ResourceState | undefined;
  readonly #loaded = new Map<string, Promise<Provider>>();
  readonly #defaults = new Map<string, Promise<string>>();
  readonly #ofProviders: Provider;

  /** @param find the provider resource of a reference, as registered in this run or as left by an earlier one. */
  constructor(request: DeploymentRequest, find: (urn: Urn, reference: string) => ResourceState | undefined) {
    this.#request = request;
    this.#find = find;
    this.#ofProviders = providerOfProviders(request.providers);
  }

  /** Undefined for components, which nobody provides. */
  async of({
    type,
    custom,
    provider,
  }: Pick<ResourceState, "type" | "custom" | "provider">): Promise<Provider | undefined> {
    if (isProviderType(type)) return this.#ofProviders;
    return custom && provider ? this.load(provider) : undefined;
  }

  load(reference: string): Promise<Provider> {
    const loaded = this.#loaded.get(reference) ?? this.#load(reference);
    this.#loaded.set(reference, loaded);
    return loaded;
  }

  async #load(reference: string): Promise<Provider> {
    const urn = providerUrn(reference);
    const pkg = packageOf(parseUrn(urn).type);
    if (pkg === "pulumi") return pulumiProvider(this.#request);
    const { version, ...config } = publicPart(this.#find(urn, reference)?.inputs ?? {});
    const provider = await this.#request.providers.get(pkg, typeof version === "string" ? version : undefined, config);
    if (provider === undefined) throw noProvider(pkg);
    return provider;
  }

  /** The reference of a package's default provider, which `register` makes when there is none yet. */
  default(pkg: string, version: string, url: string, register: Register): Promise<string> {
    const wanted = version || this.versionInState(pkg);
    const key = `${pkg} ${wanted} ${url}`;
    const known = this.#defaults.get(key) ?? this.#registerDefault(pkg, wanted, url, register);
    this.#defaults.set(key, known);
    return known;
  }

  async #registerDefault(pkg: string, version: string, url: string, register: Register): Promise<string> {
    const disabled: unknown = JSON.parse(this.#request.config["pulumi:disable-default-providers"] ?? "[]");
    if (Array.isArray(disabled) && (disabled.includes("*") || disabled.includes(pkg))) {
      throw new Error(
        `Default provider for '${pkg}' disabled. A resource must use an explicit provider for this package.`,
      );
    }
    const name = ["default", version, url].filter((part) => part !== "").join("_");
    const { urn, id = "" } = await register({
      type: providerType(pkg),
      name: name.replaceAll(/[^A-Za-z0-9]+/g, "_"),
      custom: true,
      parent: "",
      inputs: { ...this.#configOf(pkg), ...providerInputs(version, url) },
      dependencies: [],
      propertyDependencies: undefined,
      ignoreChanges: [],
      replaceOnChanges: [],
      additionalSecretOutputs: [],
      aliases: [],
      providers: {},
    });
    return providerReference(urn, id);
  }

  /** Who asks for no version gets the newest one that the stack has used before. */
  versionInState(pkg: string): string {
    const versions = this.#request.base.resources.flatMap(({ type, inputs }) => {
      const version = type === providerType(pkg) ? inputs?.version : undefined;
      return typeof version === "string" && valid(version) ? [version] : [];
    });
    return versions.sort(rcompare)[0] ?? "";
  }

  /** Config of the package's own namespace. */
  #configOf(pkg: string): PropertyMap {
    const { config, configSecretKeys } = this.#request;
    const own = Object.entries(config).filter(([key]) => key.startsWith(`${pkg}:`));
    return Object.fromEntries(
      own.map(([key, value]) => [key.slice(pkg.length + 1), configSecretKeys.includes(key) ? secret(value) : value]),
    );
  }
}

/** What the engine itself adds to a provider's inputs. `__internal` is not shown to the provider. */
export function providerInputs(version: string, url: string): PropertyMap {
  if (version === "" && url === "") return {};
  return { ...(version && { version }), __internal: url === "" ? {} : { pluginDownloadURL: url } };
}
