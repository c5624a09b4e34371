/** How a thrown value is told: one sentence and a next step, or the same as JSON. */
import { type ErrorCode, exitCodes, messageOf, SwitchyardError } from "../../config/errors";
import type { Paint } from "./paint";

export interface Failure {
  code: ErrorCode;
  message: string;
  next: string;
  facts: Record<string, unknown>;
  exitCode: number;
  stack: string | undefined;
}

export function failureOf(thrown: unknown): Failure {
  const known =
    thrown instanceof SwitchyardError
      ? thrown
      : new SwitchyardError("unexpected", messageOf(thrown), { cause: thrown });
  const { code, message, next, facts, exitCode = exitCodes.bug } = known;
  return { code, message, next, facts, exitCode, stack: stackText(thrown) };
}

export const failureDocument = ({ code, message, next, facts }: Failure) => ({ error: { code, message, next, facts } });

export function failureLines(failure: Failure, paint: Paint, verbose: boolean): string[] {
  const lines = [paint("red", `switchyard: ${failure.message}`), `next: ${failure.next}`];
  return verbose && failure.stack ? [...lines, paint("dim", failure.stack)] : lines;
}

/** With the causes, outermost first. */
function stackText(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const own = thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  const cause = stackText(thrown.cause);
  return cause === undefined ? own : `${own}\ncaused by ${cause}`;
}
