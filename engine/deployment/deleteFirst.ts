import type { ResourceState, Urn } from "../state/types";
import { unknown } from "../state/values";
import { dependencies, providerChange } from "./change";
import type { Providers } from "./providers";
import { providerUrn } from "./urn";

export interface DependentReplacement {
  state: ResourceState;
  /** Which of its inputs ask for the replacement. */
  keys: string[];
}

interface Surroundings {
  base: ResourceState[];
  providers: Providers;
  /** What the program has registered by now; it is not deleted again. */
  registered: ReadonlySet<Urn>;
}

/**
 * What has to be deleted before `root` is, because it would be replaced with it: dependents whose provider asks for a
 * replacement when the inputs that come from replaced resources become unknown.
 * @returns in order of dependency, `root` not included.
 */
export async function dependentReplacements(
  root: ResourceState,
  { base, providers, registered }: Surroundings,
): Promise<DependentReplacement[]> {
  const replaced = new Set([root.urn]);
  const dependents = new Set([root.urn]);
  const found: DependentReplacement[] = [];
  for (const state of base.slice(base.indexOf(root) + 1)) {
    if (state.delete || registered.has(state.urn)) continue;
    const provider = state.provider ? [providerUrn(state.provider)] : [];
    const links = [...dependencies(state), ...provider, ...(state.deletedWith ? [state.deletedWith] : [])];
    if (!links.some((urn) => dependents.has(urn))) continue;
    dependents.add(state.urn);
    const keys = await replacementKeys(state, replaced, providers);
    if (keys === undefined) continue;
    replaced.add(state.urn);
    found.push({ state, keys });
  }
  return found;
}

/** Undefined: it can stay. */
async function replacementKeys(
  state: ResourceState,
  replaced: ReadonlySet<Urn>,
  providers: Providers,
): Promise<string[] | undefined> {
  if (!state.custom || state.external) return undefined;
  if (state.provider && replaced.has(providerUrn(state.provider))) return [];
  if (state.deletedWith && replaced.has(state.deletedWith)) return [];
  const inputs = { ...state.inputs };
  let affected = false;
  for (const key of Object.keys(inputs)) {
    if (!state.propertyDependencies?.[key]?.some((urn) => replaced.has(urn))) continue;
    inputs[key] = unknown;
    affected = true;
  }
  const provider = affected ? await providers.of(state) : undefined;
  if (provider === undefined) return undefined;
  const { replace, keys } = await providerChange(
    provider,
    state,
    { urn: state.urn, inputs },
    state.replaceOnChanges ?? [],
  );
  return replace ? keys : undefined;
}
