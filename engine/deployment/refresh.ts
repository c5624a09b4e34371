import { messageOf } from "../../config/errors";
import type { ResourceState, Urn } from "../state/types";
import { equal, markSecretOutputs } from "../state/values";
import { providerChange } from "./change";
import type { Events } from "./events";
import type { Outcome } from "./outcome";
import type { Provider } from "./request";
import type { Step } from "./steps";
import type { Targets } from "./targets";
import { isProviderType } from "./urn";

interface RefreshOptions {
  targets: Targets;
  parallel: number;
  events: Events;
  outcome: Outcome;
  now: () => string;
  providerOf: (state: ResourceState) => Promise<Provider | undefined>;
  /** Whether results are counted: where the refresh is the operation, and not the beginning of one. */
  counted: boolean;
}

/**
 * Reads every resource anew.
 * @returns the list as it is in the cloud; the old list where a read failed or the run was stopped.
 */
export async function refreshed(base: ResourceState[], options: RefreshOptions): Promise<ResourceState[]> {
  const results = new Map<ResourceState, ResourceState | undefined>();
  const queue = base.filter(({ urn }) => options.targets.names(urn));
  const worker = async (): Promise<void> => {
    for (let state = queue.shift(); state && !options.outcome.stopped; state = queue.shift()) {
      results.set(state, await refreshOne(state, options));
    }
  };
  const workers = options.parallel > 0 ? Math.min(options.parallel, base.length) : base.length;
  await Promise.all(Array.from({ length: workers }, worker));
  if (options.outcome.stopped) return base;
  return repaired(base, (state) => (results.has(state) ? results.get(state) : state));
}

async function refreshOne(old: ResourceState, options: RefreshOptions): Promise<ResourceState | undefined> {
  const { events, outcome, counted, providerOf } = options;
  const step: Step = { op: "refresh", old, new: old };
  events.before(step);
  try {
    const provider =
      !old.custom || isProviderType(old.type) || old.pendingReplacement ? undefined : await providerOf(old);
    const read = async (): Promise<[ResourceState | undefined, "same" | "update" | "delete"]> => {
      const found = provider === undefined ? old : await readAgain(old, provider, options);
      return [found, found === undefined ? "delete" : await resultOf(old, found, provider)];
    };
    const [next, result] = await Promise.race([read(), outcome.whenAbandoned]);
    step.new = next;
    if (next?.outputs) {
      next.outputs = markSecretOutputs(next.outputs, next.inputs ?? {}, next.additionalSecretOutputs ?? []);
    }
    if (counted) events.refreshed(step, result);
    else events.succeeded(step);
    return next;
  } catch (thrown) {
    events.diagnostic("error", messageOf(thrown), old.urn);
    events.failed({ ...step, new: old }, 2);
    outcome.fail(messageOf(thrown));
    outcome.stepFailed = true;
    outcome.stop();
    return old;
  }
}

async function readAgain(
  old: ResourceState,
  provider: Provider,
  { now }: RefreshOptions,
): Promise<ResourceState | undefined> {
  const found = await provider.read(old.id ?? "", old.urn, old.outputs ?? {}, old.inputs ?? {});
  if (!found.id) return undefined;
  const inputs = found.inputs ?? old.inputs;
  const next: ResourceState = { ...old, id: found.id, inputs, outputs: found.outputs };
  delete next.initErrors;
  const same = equal(old.inputs ?? {}, inputs ?? {}) && equal(old.outputs ?? {}, found.outputs);
  if (!same) next.modified = now();
  return next;
}

/** Asked the other way round: would the cloud as it is have to change to be what the old inputs say? */
async function resultOf(
  old: ResourceState,
  next: ResourceState,
  provider: Provider | undefined,
): Promise<"same" | "update"> {
  if (provider === undefined || next === old) return "same";
  if (old.external) return equal(old.outputs ?? {}, next.outputs ?? {}) ? "same" : "update";
  const { changed } = await providerChange(provider, next, old, []);
  return changed ? "update" : "same";
}

/** The new list, in which nothing refers to what is gone. Children of what is gone have no parent. */
function repaired(base: ResourceState[], result: (state: ResourceState) => ResourceState | undefined): ResourceState[] {
  const living = new Set<Urn>();
  const lives = (urn: Urn): boolean => living.has(urn);
  const list: ResourceState[] = [];
  for (const old of base) {
    const state = result(old);
    if (state === undefined) continue;
    const dependencies = state.dependencies?.filter(lives) ?? [];
    const entries = Object.entries(state.propertyDependencies ?? {});
    const kept = entries.map(([key, urns]) => [key, (urns ?? []).filter(lives)] as const);
    const propertyDependencies = Object.fromEntries(kept.filter(([, urns]) => urns.length > 0));
    living.add(state.urn);
    list.push({
      ...state,
      parent: state.parent && lives(state.parent) ? state.parent : undefined,
      dependencies: dependencies.length > 0 ? dependencies : undefined,
      propertyDependencies: equal(propertyDependencies, {}) ? undefined : propertyDependencies,
      deletedWith: state.deletedWith && lives(state.deletedWith) ? state.deletedWith : undefined,
    });
  }
  return list;
}
