import type { Json, PropertyMap, ResourceState, Urn } from "../state/types";
import { assetSignature, isObject, signatureKey } from "../state/values";
import type { EngineEvent } from "./request";
import { isCounted, isLogical, type Step, type StepOp, subject } from "./steps";
import { isDefaultProvider } from "./urn";

export type Severity = "info" | "warning" | "error";

/** How much of a failed call was done: nothing, some of it, or who knows. */
export const failureStatus = { none: 0, partial: 1, unknown: 2 } as const;
export type FailureStatus = (typeof failureStatus)[keyof typeof failureStatus];

/** Says what happens, in the CLI's event format, and counts it. Secrets are still in their envelopes here. */
export class Events {
  readonly counts: Record<string, number> = {};
  readonly #emit: (event: EngineEvent) => void;
  readonly #dryRun: boolean;

  constructor(emit: (event: EngineEvent) => void, dryRun: boolean) {
    this.#emit = emit;
    this.#dryRun = dryRun;
  }

  before(step: Step): void {
    this.#emit({ resourcePreEvent: { metadata: metadataOf(step), ...this.#planning() } });
  }

  succeeded(step: Step): void {
    if (isCounted(step)) this.#count(step.op);
    // A component says its outputs itself, later. Deletions and refreshes end here.
    if (this.#dryRun || subject(step).custom || step.op === "delete" || step.op === "refresh") this.outputs(step);
  }

  /** Where the refresh is the operation, its result is shown and counted in place of the step's own name. */
  refreshed(step: Step, result: "same" | "update" | "delete"): void {
    if (!isDefaultProvider(subject(step).urn)) this.#count(result);
    this.outputs(step, result);
  }

  outputs(step: Step, shown?: StepOp): void {
    this.#emit({ resOutputsEvent: { metadata: metadataOf(step, shown), ...this.#planning() } });
  }

  failed(step: Step, status: FailureStatus): void {
    if (this.#dryRun) return;
    const steps = Object.values(this.counts).reduce((sum, count) => sum + count, 0);
    this.#emit({ resOpFailedEvent: { metadata: metadataOf(step), status, steps } });
  }

  diagnostic(severity: Severity, message: string, urn?: Urn): void {
    this.#emit({
      diagnosticEvent: {
        ...(urn ? { urn } : {}),
        ...(severity === "info" ? {} : { prefix: `${severity}: ` }),
        message: `${message}\n`,
        color: "never",
        severity,
      },
    });
  }

  #count(op: StepOp): void {
    this.counts[op] = (this.counts[op] ?? 0) + 1;
  }

  #planning(): { planning?: true } {
    return this.#dryRun ? { planning: true } : {};
  }
}

function metadataOf(step: Step, shown?: StepOp): Record<string, unknown> {
  const { urn, type, provider = "" } = subject(step);
  return {
    op: shown ?? step.op,
    urn,
    type,
    old: step.old ? shownState(step.old) : null,
    new: step.new ? shownState(step.new) : null,
    ...(step.keys?.length ? { keys: step.keys } : {}),
    detailedDiff: null,
    ...(isLogical(step) ? { logical: true } : {}),
    provider,
  };
}

function shownState(state: ResourceState): Record<string, unknown> {
  return {
    type: state.type,
    urn: state.urn,
    ...(state.custom && { custom: true }),
    ...(state.delete && { delete: true }),
    id: state.id ?? "",
    parent: state.parent ?? "",
    ...(state.protect && { protect: true }),
    ...(state.external && { external: true }),
    ...(state.retainOnDelete && { retainOnDelete: true }),
    inputs: elided(state.inputs ?? {}),
    outputs: elided(state.outputs ?? {}),
    provider: state.provider ?? "",
    ...(state.initErrors?.length && { initErrors: state.initErrors }),
  };
}

const elided = (properties: PropertyMap): Json => (hasAsset(properties) ? withoutContents(properties) : properties);

function hasAsset(value: Json): boolean {
  if (Array.isArray(value)) return value.some(hasAsset);
  return isObject(value) && (value[signatureKey] === assetSignature || Object.values(value).some(hasAsset));
}

/** An asset's text can be large, and is nobody's news. */
function withoutContents(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutContents);
  if (!isObject(value)) return value;
  if (value[signatureKey] === assetSignature && "text" in value) return { ...value, text: "<contents elided>" };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutContents(item)]));
}
