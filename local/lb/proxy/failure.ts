/** Why a slot gave no answer, in words for people and in kinds for deciding whether to try again. */
import { messageOf } from "../../../config/errors";
import type { TargetGroupSpec } from "../../api";

export interface Failure {
  /**
   * refused: no connection came about. reset: the connection ended with nothing of an answer on it. timeout: no answer in
   * time. garbage: something came that is not an answer. bad-request: the client's request cannot be sent on.
   */
  kind: "refused" | "reset" | "timeout" | "garbage" | "bad-request";
  message: string;
}

export function failureOf(error: Error, sent: boolean, spec: TargetGroupSpec): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const who = `slot ${spec.slot} of team ${spec.team}`;
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED")
    return { kind: "bad-request", message: `the request cannot be passed on: ${messageOf(error)}` };
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT")
    return { kind: "timeout", message: `${who} gave no answer within ${spec.requestTimeoutMs} ms` };
  if (!sent) {
    const why = code === "ECONNREFUSED" ? "nobody listens there" : messageOf(error);
    return { kind: "refused", message: `${who} cannot be reached at ${spec.host}:${spec.port}: ${why}` };
  }
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE")
    return { kind: "reset", message: `${who} closed the connection before it answered` };
  return { kind: "garbage", message: `${who} did not answer as HTTP asks: ${messageOf(error)}` };
}
