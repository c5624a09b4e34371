import { SwitchyardError } from "../../config/errors";

/** The API server's own `Status`. */
export interface Status {
  message?: string;
  reason?: string;
  details?: { causes?: { reason?: string; message?: string; field?: string }[]; retryAfterSeconds?: number };
}

/** An answer of the API server that is no success. */
export class ApiFailure extends SwitchyardError {
  readonly status: number;
  /** `NotFound`, `Conflict`, `Invalid`, `AlreadyExists`, … */
  readonly reason: string;
  readonly causes: { reason?: string; message?: string; field?: string }[];

  constructor(status: number, body: Status, context: string) {
    const message = body.message ?? `the API server answered ${status}`;
    super(codeOf(status), `${context}: ${message}`);
    this.name = "ApiFailure";
    this.status = status;
    this.reason = body.reason ?? "";
    this.causes = body.details?.causes ?? [];
  }
}

function codeOf(status: number): "cluster-login" | "cluster-unreachable" | "cluster-refused" {
  if (status === 401) return "cluster-login";
  return status >= 500 || status === 429 ? "cluster-unreachable" : "cluster-refused";
}

export const isMissing = (thrown: unknown): thrown is ApiFailure =>
  thrown instanceof ApiFailure && thrown.status === 404;
