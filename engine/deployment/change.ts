import { changedPaths, leadsTo } from "../state/paths";
import type { ResourceState, Urn } from "../state/types";
import { changedKeys, equal } from "../state/values";
import type { Provider } from "./request";
import { providerUrn } from "./urn";

/** What lies between the old state of a resource and the new one. */
export interface Change {
  changed: boolean;
  replace: boolean;
  /** Why it is replaced. */
  keys: string[];
  deleteBeforeReplace: boolean;
}

const replacement = (keys: string[]): Change => ({ changed: true, replace: true, keys, deleteBeforeReplace: false });

interface Comparison {
  old: ResourceState;
  next: ResourceState;
  provider: Provider | undefined;
  replaceOnChanges: readonly string[];
}

export async function changeOf({ old, next, provider, replaceOnChanges }: Comparison): Promise<Change> {
  // Between a component and a custom resource there is no update. From one provider to another there is: providers in
  // TypeScript never ask for a replacement when their own config changes.
  if (Boolean(old.provider) !== Boolean(next.provider)) return replacement(["provider"]);
  if (provider === undefined) {
    const changed = !equal(old.inputs ?? {}, next.inputs ?? {});
    return { changed, replace: false, keys: [], deleteBeforeReplace: false };
  }
  return providerChange(provider, old, next, replaceOnChanges);
}

/** Asks the provider, under the name that the resource has now; where it does not know, old inputs are compared with new ones. */
export async function providerChange(
  provider: Provider,
  old: ResourceState,
  { urn, inputs: news = {} }: Pick<ResourceState, "urn" | "inputs">,
  replaceOnChanges: readonly string[],
): Promise<Change> {
  const olds = old.inputs ?? {};
  const answer = await provider.diff(old.id ?? "", urn, old.outputs ?? {}, news, olds);
  // A provider that only says "changed" names no keys, so that `replaceOnChanges` has nothing to match: as in the CLI.
  const ownComparison = answer.changes === undefined;
  const differing = answer.changes === undefined ? changedKeys(olds, news) : [];
  const changed = answer.changes ?? differing.length > 0;
  const places = ownComparison && replaceOnChanges.length > 0 ? changedPaths(olds, news) : [];
  const forced = replaceOnChanges.filter((path) => places.some((place) => leadsTo(path, place)));
  const notReady =
    Boolean(old.initErrors?.length) && replaceOnChanges.some((path) => ["#initerror", "*"].includes(path));
  const named = differing.filter((key) => forced.includes(key) || forced.includes("*"));
  return {
    changed: changed || forced.length > 0 || notReady,
    replace: answer.replaces.length > 0 || forced.length > 0 || notReady,
    keys: [...new Set([...answer.replaces, ...named, ...(notReady ? ["#initerror"] : [])])],
    deleteBeforeReplace: answer.deleteBeforeReplace,
  };
}

/** Everything that a resource refers to and cannot be without. */
export function references(state: ResourceState): Urn[] {
  return [
    ...(state.parent ? [state.parent] : []),
    ...(state.provider ? [providerUrn(state.provider)] : []),
    ...(state.deletedWith ? [state.deletedWith] : []),
    ...dependencies(state),
  ];
}

export const dependencies = (state: ResourceState): Urn[] => [
  ...(state.dependencies ?? []),
  ...Object.values(state.propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
];
