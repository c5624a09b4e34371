/** Daemons' answers and silences, as errors a person can act on. */
import { catalogue, type ErrorCode, SwitchyardError } from "../../config/errors";
import { JsonHttpError, NoAnswerError } from "../http-json";

export type Daemon = "supervisor" | "load balancer";

const isCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code);

/** `environment` completes the advice; without it the placeholder stands. */
export function daemonDown(daemon: Daemon, environment: string | undefined, cause?: NoAnswerError): SwitchyardError {
  const which = environment === undefined ? "" : ` of ${environment}`;
  const how = cause ? ` (${cause.socket}: ${cause.code})` : "";
  return new SwitchyardError("environment-down", `the ${daemon}${which} does not answer${how}`, {
    next: `Run \`switchyard up ${environment ?? "<environment>"}\`.`,
    cause,
  });
}

export function toSwitchyardError(error: unknown, daemon: Daemon, environment: string | undefined): unknown {
  if (error instanceof NoAnswerError) return daemonDown(daemon, environment, error);
  if (error instanceof JsonHttpError)
    return new SwitchyardError(isCode(error.code) ? error.code : "unexpected", `${daemon}: ${error.message}`, {
      facts: { status: error.status, ...error.facts },
      cause: error,
    });
  return error;
}
