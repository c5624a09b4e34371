import { isDeepStrictEqual } from "node:util";
import type { PendingOperation, ResourceState, Snapshot, Urn } from "../state/types";
import { references } from "./change";
import type { DeploymentRequest } from "./request";
import { isDeletion, pendingOperation, type Step } from "./steps";
import { makeUrn, parseUrn, providerReference, providerUrn } from "./urn";

/**
 * State while it changes: the old list, of which entries get done, and the new one in order of completion. What is written
 * is the new entries and then the old ones that are not done yet, which is a valid order at any moment.
 */
export class Snapshots {
  base: ResourceState[];
  readonly #request: Pick<DeploymentRequest, "save" | "dryRun">;
  readonly #news: ResourceState[] = [];
  readonly #done = new Set<ResourceState>();
  readonly #pending = new Map<Step, PendingOperation>();
  #carried: PendingOperation[];

  constructor(request: Pick<DeploymentRequest, "save" | "dryRun" | "base">) {
    this.#request = request;
    this.base = request.base.resources.map((state) => ({ ...state }));
    // Interrupted creations are kept until somebody has looked after them; the others show in the resources themselves.
    this.#carried = request.base.pendingOperations.filter(({ type }) => type === "creating");
  }

  forgetPendingCreates(): void {
    this.#carried = [];
  }

  /** Resolves when the operation is on disk: a provider is called only after that. */
  async begin(step: Step): Promise<void> {
    const operation = pendingOperation(step);
    if (operation === undefined) return;
    this.#pending.set(step, { type: operation.type, resource: { ...operation.resource } });
    await this.write();
  }

  async end(step: Step, succeeded: boolean): Promise<void> {
    const wasPending = this.#pending.delete(step);
    if (succeeded) this.#apply(step);
    if (wasPending || (succeeded && mattersToDisk(step))) await this.write();
  }

  #apply(step: Step): void {
    const { op, old } = step;
    if (op === "refresh" || op === "replace" || step.skipped) return;
    if (isDeletion(step) || op === "remove-pending-replace") {
      // Gone from the cloud, but its entry stays for its replacement to find.
      if (old && !step.beforeReplacement) this.#done.add(old);
      return;
    }
    const replaced = op === "create-replacement" || op === "read-replacement";
    if (old && (!replaced || old.pendingReplacement)) this.#done.add(old);
    if (step.new) this.#news.push(step.new);
  }

  async write(): Promise<void> {
    if (!this.#request.dryRun) await this.#request.save(() => this.#snapshot());
  }

  #snapshot(): Snapshot {
    const notDone = (state: ResourceState): boolean => !this.#done.has(state);
    const resources = [...this.#news.filter(notDone), ...this.base.filter(notDone)];
    const pending = [...this.#pending.values(), ...this.#carried];
    const renamed = this.#renamed(resources);
    const settled = (state: ResourceState): ResourceState => withoutAliases(state, renamed);
    return {
      resources: inOrder(resources.map(settled)),
      pendingOperations: pending.map(({ type, resource }) => ({ type, resource: settled(resource) })),
    };
  }

  /** New names by old ones: of what was found by an alias, and of its old children, whose names hold its type. */
  #renamed(resources: ResourceState[]): Map<Urn, Urn> {
    const renamed = new Map<Urn, Urn>();
    for (const { urn, aliases = [] } of this.#news) for (const alias of aliases) renamed.set(alias, urn);
    if (renamed.size === 0) return renamed;
    const taken = new Set(resources.map(({ urn }) => urn));
    for (const { urn, parent = "" } of resources) {
      const newParent = renamed.get(parent);
      if (newParent === undefined || renamed.has(urn)) continue;
      const { stack, project, type, name } = parseUrn(urn);
      const newUrn = makeUrn(stack, project, newParent, type, name);
      if (!taken.has(newUrn)) renamed.set(urn, newUrn);
    }
    return renamed;
  }
}

/**
 * The same list with everything after what it refers to. It nearly always is: only what a run leaves as it was, while it
 * changes what that refers to, can come too early.
 */
function inOrder(states: ResourceState[]): ResourceState[] {
  const byUrn = new Map<Urn, ResourceState[]>();
  for (const state of states) byUrn.set(state.urn, [...(byUrn.get(state.urn) ?? []), state]);
  const placed = new Set<ResourceState>();
  const ordered: ResourceState[] = [];
  const place = (state: ResourceState): void => {
    if (placed.has(state)) return;
    placed.add(state);
    for (const urn of references(state)) {
      const candidates = byUrn.get(urn) ?? [];
      const isProvider = state.provider !== undefined && urn === providerUrn(state.provider);
      const needed = isProvider
        ? candidates.find(({ id = "" }) => providerReference(urn, id) === state.provider)
        : (candidates.find((candidate) => placed.has(candidate)) ?? candidates[0]);
      if (needed !== undefined) place(needed);
    }
    ordered.push(state);
  };
  for (const state of states) place(state);
  return ordered;
}

/** A copy in which every reference by an old name is one by the new name. */
function withoutAliases(state: ResourceState, renamed: Map<Urn, Urn>): ResourceState {
  const { aliases: _, ...copy } = state;
  if (renamed.size === 0) return copy;
  const current = (urn: Urn): Urn => renamed.get(urn) ?? urn;
  copy.urn = current(copy.urn);
  if (copy.parent) copy.parent = current(copy.parent);
  if (copy.deletedWith) copy.deletedWith = current(copy.deletedWith);
  if (copy.dependencies) copy.dependencies = copy.dependencies.map(current);
  if (copy.provider) {
    const urn = providerUrn(copy.provider);
    copy.provider = current(urn) + copy.provider.slice(urn.length);
  }
  if (copy.propertyDependencies) {
    const entries = Object.entries(copy.propertyDependencies);
    // As in the CLI: where one is rewritten, empty ones are left out.
    if (entries.some(([, urns]) => urns?.some((urn) => renamed.has(urn)))) {
      const kept = entries.filter(([, urns]) => urns?.length > 0);
      copy.propertyDependencies = Object.fromEntries(kept.map(([key, urns]) => [key, urns.map(current)]));
    }
  }
  return copy;
}

const compared = [
  ...["urn", "type", "custom", "customTimeouts", "retainOnDelete", "provider", "parent", "deletedWith", "protect"],
  ...["inputs", "outputs", "propertyDependencies", "external", "pendingReplacement", "ignoreChanges"],
] as const;

/** Steps that change nothing anybody would miss after a crash wait for the write at the end. */
function mattersToDisk({ op, old, new: next, skipped }: Step): boolean {
  if (op === "refresh" || op === "replace" || skipped) return false;
  if (op !== "same" || old === undefined || next === undefined) return true;
  const sorted = (urns: Urn[] | undefined): Urn[] => [...(urns ?? [])].sort();
  return (
    compared.some((field) => !isDeepStrictEqual(orNothing(old[field]), orNothing(next[field]))) ||
    !isDeepStrictEqual(sorted(old.dependencies), sorted(next.dependencies))
  );
}

/** On disk what is empty is left out. */
function orNothing(value: unknown): unknown {
  const empty = typeof value === "object" && value !== null && Object.keys(value).length === 0;
  return value === false || value === "" || value === null || empty ? undefined : value;
}
