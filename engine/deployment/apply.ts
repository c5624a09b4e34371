import type { PropertyMap, ResourceState } from "../state/types";
import { isUnknown, markSecretOutputs } from "../state/values";
import { PartialFailure } from "./partialFailure";
import type { Provider } from "./request";
import { isDeletion, type Step, subject } from "./steps";
import { isProviderType } from "./urn";

/** What a step may use while it runs. */
export interface Workbench {
  dryRun: boolean;
  now: () => string;
  scrubbed: (text: string, values: PropertyMap) => string;
  /** Throws where the lock is gone. */
  fence: () => void;
  providerOf: (state: ResourceState) => Promise<Provider | undefined>;
  /** Whether the resource that this one is deleted with is deleted too, so that nobody needs to call the provider. */
  goesWithAnother: (state: ResourceState) => boolean;
}

/** A protected resource that should be deleted. It stays, with all it depends on; other deletions go on. */
export class ProtectedFailure extends Error {}

/**
 * Carries a step out and brings its states up to date.
 * @throws whatever the provider throws; after a PartialFailure the new state holds what there is.
 */
export async function apply(step: Step, bench: Workbench): Promise<void> {
  if (step.skipped || step.op === "replace" || step.op === "remove-pending-replace") return;
  let partial: PartialFailure | undefined;
  if (isDeletion(step)) await remove(step, subject(step), bench);
  else partial = await make(step, subject(step), bench);
  if (step.old && step.flagsOld) step.old.delete = true;
  if (step.old && step.beforeReplacement) step.old.pendingReplacement = true;
  const { new: next } = step;
  if (next?.outputs) {
    next.outputs = markSecretOutputs(next.outputs, next.inputs ?? {}, next.additionalSecretOutputs ?? []);
  }
  if (partial !== undefined) throw partial;
}

async function make(step: Step, next: ResourceState, bench: Workbench): Promise<PartialFailure | undefined> {
  const { old } = step;
  if (step.op === "read" || step.op === "read-replacement") return read(next, bench);
  if (step.op === "create" || step.op === "create-replacement") return create(next, bench);
  if (old?.id) next.id = old.id;
  if (step.op === "update") return update(old ?? next, next, bench);
  next.outputs = old?.outputs;
  return undefined;
}

async function create(next: ResourceState, bench: Workbench): Promise<PartialFailure | undefined> {
  const failure = await created(next, bench);
  next.created = next.modified = bench.now();
  return failure;
}

async function created(next: ResourceState, bench: Workbench): Promise<PartialFailure | undefined> {
  const inputs = next.inputs ?? {};
  if (!next.custom) return undefined;
  if (bench.dryRun) {
    next.outputs = inputs;
    return undefined;
  }
  const provider = await required(next, bench);
  bench.fence();
  try {
    const { id, outputs } = await provider.create(next.urn, inputs, next.customTimeouts?.create ?? 0);
    if (!id) throw new Error(`provider for ${next.urn} returned no id from create`);
    next.id = id;
    next.outputs = outputs;
  } catch (thrown) {
    if (!(thrown instanceof PartialFailure)) throw thrown;
    return keepPartial(next, thrown, bench);
  }
  return undefined;
}

async function update(old: ResourceState, next: ResourceState, bench: Workbench): Promise<PartialFailure | undefined> {
  if (!next.custom) return undefined;
  const inputs = next.inputs ?? {};
  next.modified = bench.now();
  if (bench.dryRun) {
    next.outputs = inputs;
    return undefined;
  }
  const provider = await required(next, bench);
  bench.fence();
  try {
    const timeout = next.customTimeouts?.update ?? 0;
    const updated = await provider.update(old.id ?? "", next.urn, old.outputs ?? {}, inputs, timeout, old.inputs ?? {});
    next.outputs = updated.outputs;
  } catch (thrown) {
    if (!(thrown instanceof PartialFailure)) throw thrown;
    // With the old inputs, so that the next run sees the difference and tries again.
    next.inputs = old.inputs;
    return keepPartial(next, thrown, bench);
  }
  return undefined;
}

function keepPartial(next: ResourceState, failure: PartialFailure, { scrubbed }: Workbench): PartialFailure {
  next.id = failure.id;
  next.outputs = markSecretOutputs(failure.properties, next.inputs ?? {}, next.additionalSecretOutputs ?? []);
  const { outputs } = next;
  next.initErrors = failure.reasons.map((reason) => scrubbed(reason, outputs));
  return failure;
}

async function read(next: ResourceState, bench: Workbench): Promise<undefined> {
  const id = next.id ?? "";
  if (id === "" || isUnknown(id)) {
    next.outputs = {};
    return;
  }
  const inputs = next.inputs ?? {};
  const found = await (await required(next, bench)).read(id, next.urn, inputs, inputs);
  // One that is not there is kept without outputs, as by the CLI.
  next.id = found.id || id;
  next.outputs = found.id ? found.outputs : {};
  next.created ??= bench.now();
}

async function remove(step: Step, old: ResourceState, bench: Workbench): Promise<void> {
  if (old.protect && !step.op.endsWith("-replaced")) throw new ProtectedFailure(protectedMessage(old.urn));
  const untouched = !old.custom || isProviderType(old.type) || old.external || old.retainOnDelete;
  if (bench.dryRun || untouched || bench.goesWithAnother(old)) return;
  const provider = await required(old, bench);
  bench.fence();
  const timeout = old.customTimeouts?.delete ?? 0;
  await provider.delete(old.id ?? "", old.urn, old.outputs ?? {}, timeout, old.inputs ?? {});
}

async function required(state: ResourceState, bench: Workbench): Promise<Provider> {
  const provider = await bench.providerOf(state);
  if (provider === undefined) throw new Error(`resource ${state.urn} has no provider`);
  return provider;
}

const protectedMessage = (urn: string): string =>
  `resource "${urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the \`protect\` flag from the resource in your Pulumi program and run \`pulumi up\`, or use the command:\n\`pulumi state unprotect '${urn}'\``;
