import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import { asSwitchyardError } from "./failures";
import { withShortTraces } from "./short-traces";

export interface OperationOptions {
  signal?: AbortSignal | undefined;
  /** The engine took the stack's lock and read its state: the operation is under way. */
  onBegun?: (() => void) | undefined;
  line?: ((text: string) => void) | undefined;
  /** Looks at what is there first, which also brings the local platform's daemons back, as after a reboot. */
  refresh?: boolean;
  /** What fails holds up only what depends on it. */
  continueOnError?: boolean;
}

/** One `up` or `destroy`, with the engine's errors as one sentence. */
export async function operate(stack: Stack, kind: "up" | "destroy", options: OperationOptions): Promise<void> {
  const diagnostics: string[] = [];
  const onEvent = (event: EngineEvent) => {
    if (event.preludeEvent) options.onBegun?.();
    if (event.diagnosticEvent?.severity === "error") diagnostics.push(event.diagnosticEvent.message);
  };
  const more = {
    onEvent,
    ...(options.signal && { signal: options.signal }),
    ...(options.line && { onOutput: options.line }),
    ...(options.refresh && { refresh: true }),
    ...(options.continueOnError && { continueOnError: true }),
  };
  try {
    await withShortTraces<unknown>(() => (kind === "up" ? stack.up(more) : stack.destroy(more)));
  } catch (thrown) {
    throw asSwitchyardError(thrown, stack.name, diagnostics);
  }
}
