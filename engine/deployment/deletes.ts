import type { ResourceState, Urn } from "../state/types";
import { references } from "./change";
import type { Executor } from "./execute";
import type { Outcome } from "./outcome";
import type { Step } from "./steps";
import type { Targets } from "./targets";

type Links = Map<ResourceState, Set<ResourceState>>;

/**
 * Which of the condemned each one depends on. Only what is earlier in the list counts: a URN can be there twice, as the
 * replaced object and as its successor. To depend on a component is to depend on its children, too.
 */
function linksOf(base: ResourceState[], condemned: ReadonlySet<ResourceState>): Links {
  const earlier = new Map<Urn, ResourceState[]>();
  const children = new Map<Urn, Urn[]>();
  const links: Links = new Map();
  const isComponent = (urn: Urn): boolean => earlier.get(urn)?.some(({ custom }) => !custom) ?? false;
  for (const state of base) {
    if (condemned.has(state)) {
      const needed = new Set<ResourceState>();
      const visited = new Set<Urn>();
      const visit = (urn: Urn, family: boolean): void => {
        if (visited.has(urn)) return;
        visited.add(urn);
        for (const other of earlier.get(urn) ?? []) if (condemned.has(other)) needed.add(other);
        if (family && isComponent(urn)) for (const child of children.get(urn) ?? []) visit(child, true);
      };
      if (state.parent) visit(state.parent, false);
      for (const urn of references({ ...state, parent: undefined })) visit(urn, true);
      links.set(state, needed);
    }
    earlier.set(state.urn, [...(earlier.get(state.urn) ?? []), state]);
    if (state.parent) children.set(state.parent, [...(children.get(state.parent) ?? []), state.urn]);
  }
  return links;
}

/** Groups that can be deleted at once, dependents before what they depend on. */
function wavesOf(links: Links): ResourceState[][] {
  const waves: ResourceState[][] = [];
  const left = new Set(links.keys());
  while (left.size > 0) {
    const wave = [...left].filter((state) => ![...(links.get(state) ?? [])].some((needed) => left.has(needed)));
    // References only go to earlier entries, so there is always one without any.
    if (wave.length === 0) throw new Error("the resources to delete depend on each other in a circle");
    for (const state of wave) left.delete(state);
    waves.push(wave);
  }
  return waves.reverse();
}

interface DeletionOptions {
  base: ResourceState[];
  /** Whether this run has registered, renamed or otherwise dealt with an old resource. */
  isKept: (state: ResourceState) => boolean;
  targets: Targets;
  executor: Executor;
  outcome: Outcome;
  /** Is told what goes, before any of it does. */
  condemn: (states: ReadonlySet<ResourceState>) => void;
}

/** Deletes what is flagged for deletion and what the program does not mention any more. */
export async function deleteOld(options: DeletionOptions): Promise<void> {
  const { base, isKept, targets, executor, outcome } = options;
  const goes = (state: ResourceState): boolean => Boolean(state.delete) || !isKept(state);
  const condemned = new Set(base.filter((state) => goes(state) && targets.names(state.urn)));
  const stranded = targets.all ? undefined : strandedBy(base, goes, condemned);
  if (stranded !== undefined) return outcome.fail(stranded);
  // What is no target stays as it is, and is said to.
  const staying = targets.all ? [] : base.filter((state) => !condemned.has(state) && !state.delete && !isKept(state));
  for (const old of staying) await executor.run([{ op: "same", old, new: { ...old } }]);
  options.condemn(condemned);
  const links = linksOf(base, condemned);
  const kept = new Set<ResourceState>();
  for (const wave of wavesOf(links)) {
    await Promise.all(
      wave.map(async (state) => {
        if (kept.has(state)) return;
        if (!(await executor.run([deletionOf(state)]))) keepWithAllItNeeds(state, links, kept);
      }),
    );
    if (outcome.stopped) return;
  }
}

function deletionOf(old: ResourceState): Step {
  if (old.delete) return { op: old.external ? "discard-replaced" : "delete-replaced", old };
  if (old.pendingReplacement) return { op: "remove-pending-replace", old };
  return { op: old.external ? "discard" : "delete", old };
}

function keepWithAllItNeeds(state: ResourceState, links: Links, kept: Set<ResourceState>): void {
  if (kept.has(state)) return;
  kept.add(state);
  for (const needed of links.get(state) ?? []) keepWithAllItNeeds(needed, links, kept);
}

/** A sentence about a resource that is no target and would be left without something it needs. */
function strandedBy(
  base: ResourceState[],
  goes: (state: ResourceState) => boolean,
  condemned: ReadonlySet<ResourceState>,
): string | undefined {
  const urns = new Set([...condemned].filter((state) => !state.delete).map(({ urn }) => urn));
  for (const state of base) {
    if (condemned.has(state) || !goes(state)) continue;
    const lost = references(state).find((urn) => urns.has(urn));
    if (lost !== undefined) {
      return `cannot delete '${lost}': '${state.urn}' depends on it and is not a target; name it as one too`;
    }
  }
  return undefined;
}
