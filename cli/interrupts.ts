/**
 * Ctrl-C, in two steps: the first one asks the command to stop and clean up after itself, the second one leaves at once.
 * A command that has nothing to clean up leaves with the first.
 */
import { exitCodes } from "../config/errors";

/** One keystroke arrives twice where a parent (npx, or the hand-over to a newer Node) passes it on: the terminal told us already. */
const sameKeystrokeMs = 250;

/** SIGTERM is how pipelines cancel a job. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interrupts {
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  /** From here on the first interrupt aborts `signal`; both sentences are told to `say`. */
  cleanUp(sentences: { first: string; second: string }, say: (sentence: string) => void): void;
}

export function watchInterrupts(leave: (code: number) => void): Interrupts {
  const controller = new AbortController();
  let careful: { first: string; second: string; say: (sentence: string) => void } | undefined;
  let firstAt: number | undefined;
  const interrupted = () => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt < sameKeystrokeMs) return;
    if (careful === undefined) return leave(exitCodes.interrupted);
    if (firstAt === undefined) {
      firstAt = now;
      careful.say(careful.first);
      controller.abort(new Error("interrupted"));
      return;
    }
    careful.say(careful.second);
    leave(exitCodes.interrupted);
  };
  for (const signal of signals) process.on(signal, interrupted);
  return {
    signal: controller.signal,
    cleanUp: (sentences, say) => {
      careful = { ...sentences, say };
    },
  };
}
