/** Daemons' answers and silences, as errors a person can act on. */
import { type ErrorCode, SwitchyardError } from "../../config/errors";
import { JsonHttpError, NoAnswerError } from "../http-json";

export type Daemon = "supervisor" | "load balancer";

/** `environment` completes the advice; without it the placeholder stands. */
export function daemonDown(daemon: Daemon, environment: string | undefined, cause?: NoAnswerError): SwitchyardError {
  const which = environment === undefined ? "" : ` of ${environment}`;
  const how = cause ? ` (${cause.socket}: ${cause.code})` : "";
  return new SwitchyardError("environment-down", `the ${daemon}${which} does not answer${how}`, {
    next: `Run \`switchyard up ${environment ?? "<environment>"}\`.`,
    cause,
  });
}

/** Codes that mean the same on a daemon's socket as in the catalogue. */
const shared: ErrorCode[] = ["stale-epoch", "port-taken", "stage-failed", "disk-full", "state-damaged"];

export function toSwitchyardError(error: unknown, daemon: Daemon, environment: string | undefined): unknown {
  if (error instanceof NoAnswerError) return daemonDown(daemon, environment, error);
  if (!(error instanceof JsonHttpError)) return error;
  const { status, facts, message } = error;
  const code = shared.find((known) => known === error.code);
  const more = { facts: { status, ...facts }, cause: error };
  if (code) return new SwitchyardError(code, `${daemon}: ${message}`, more);
  if (status >= 500) return new SwitchyardError("unexpected", `${daemon}: ${message}`, more);
  return new SwitchyardError("stack-operation-failed", `the ${daemon} refused this: ${message}`, {
    ...more,
    next: "Correct what it names, and run it again.",
  });
}
