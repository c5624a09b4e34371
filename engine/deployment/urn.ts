import type { Urn } from "../state/types";

export const stackType = "pulumi:pulumi:Stack";
const providerPrefix = "pulumi:providers:";

export interface UrnParts {
  stack: string;
  project: string;
  /** Types of all parents but the stack, then the own one, joined by `$`. */
  qualifiedType: string;
  type: string;
  /** May contain `::`. */
  name: string;
}

export function parseUrn(urn: Urn): UrnParts {
  const [head = "", project = "", qualifiedType = "", ...name] = urn.split("::");
  const type = qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1);
  return { stack: head.slice("urn:pulumi:".length), project, qualifiedType, type, name: name.join("::") };
}

export function makeUrn(stack: string, project: string, parent: Urn | undefined, type: string, name: string): Urn {
  const parentType = parent ? parseUrn(parent).qualifiedType : "";
  const qualified = parentType && parentType !== stackType ? `${parentType}$${type}` : type;
  return `urn:pulumi:${stack}::${project}::${qualified}::${name}`;
}

export const isProviderType = (type: string): boolean => type.startsWith(providerPrefix);
export const providerType = (pkg: string): string => `${providerPrefix}${pkg}`;

/** The package that a type or a function token belongs to; of a provider's type the package it provides. */
export const packageOf = (token: string): string =>
  isProviderType(token) ? token.slice(providerPrefix.length) : (token.split(":")[0] ?? token);

/** A reference to a provider: `<urn>::<id>`. */
export const providerReference = (urn: Urn, id: string): string => `${urn}::${id}`;
export const providerUrn = (reference: string): Urn => reference.slice(0, reference.lastIndexOf("::"));

/** Default providers are made by the engine, one for each package and version; they are not counted. */
export const isDefaultProvider = (urn: Urn): boolean => {
  const { type, name } = parseUrn(urn);
  return isProviderType(type) && /^default(_|$)/.test(name);
};
