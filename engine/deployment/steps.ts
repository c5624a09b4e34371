import type { PendingOperation, ResourceState } from "../state/types";
import { equal } from "../state/values";
import { isDefaultProvider } from "./urn";

export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "refresh";

/** One thing done to one resource. A chain of steps is what one registration comes to. */
export interface Step {
  op: StepOp;
  old?: ResourceState;
  new?: ResourceState;
  /** Why it is replaced. */
  keys?: string[];
  /** The old object stays until the end of the run, flagged for deletion, when this step succeeds. */
  flagsOld?: boolean;
  /** Deleted before its replacement is made: its entry stays, marked `pendingReplacement`. */
  beforeReplacement?: boolean;
  /** Not among the targets: nothing is made, and nothing is written to state. */
  skipped?: boolean;
}

/** @throws Error for a step about nothing, which no place makes. */
export function subject(step: Step): ResourceState {
  const state = step.new ?? step.old;
  if (state === undefined) throw new Error(`a step '${step.op}' has no resource`);
  return state;
}

const physical = new Set<StepOp>([
  "create-replacement",
  "delete-replaced",
  "read-replacement",
  "discard-replaced",
  "remove-pending-replace",
  "refresh",
]);

/** A step that a person would name; the others are how it is done. */
export const isLogical = ({ op }: Step): boolean => !physical.has(op);

/** Whether the step appears in the counts of a run. A read counts only where it found something new. */
export function isCounted(step: Step): boolean {
  if (!isLogical(step) || isDefaultProvider(subject(step).urn)) return false;
  if (step.op !== "read") return true;
  const { old, new: read } = step;
  return old !== undefined && !equal(old.outputs ?? {}, read?.outputs ?? {});
}

export const isDeletion = ({ op }: Step): boolean =>
  op === "delete" || op === "delete-replaced" || op === "discard" || op === "discard-replaced";

/** What has to be on disk while the step runs, so that a crash leaves a trace. */
export function pendingOperation(step: Step): PendingOperation | undefined {
  switch (step.op) {
    case "create":
    case "create-replacement":
      return { resource: subject(step), type: "creating" };
    case "update":
      return { resource: subject(step), type: "updating" };
    case "read":
    case "read-replacement":
      return { resource: subject(step), type: "reading" };
    case "delete":
    case "delete-replaced":
    case "discard":
    case "discard-replaced":
      return { resource: subject(step), type: "deleting" };
    case "same":
    case "replace":
    case "remove-pending-replace":
    case "refresh":
      return undefined;
    default:
      return step.op satisfies never;
  }
}
