/** Exit codes of the Pulumi CLI, which the embedded engine keeps to. */
export const exitCode = {
  generic: 1,
  usage: 2,
  resource: 4,
  stackNotFound: 6,
  changesNotExpected: 7,
  cancelled: 8,
} as const;

/** A command that failed for a reason a person can read: the CLI's `error: …` line without its prefix. */
export class EngineFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, code: number = exitCode.generic, cause?: unknown) {
    super(message, { cause });
    this.name = "EngineFailure";
    this.exitCode = code;
  }
}

/** The operation's lock was removed by somebody else. Nothing was written after this was noticed. */
export class LockLostError extends EngineFailure {
  constructor(stack: string) {
    super(
      `the lock on stack '${stack}' was taken away while this operation ran; it stopped and wrote nothing after that`,
    );
    this.name = "LockLostError";
  }
}

/** Something the real CLI does and this engine does not. */
export const notSupported = (what: string): EngineFailure =>
  new EngineFailure(
    `${what} is not supported by the embedded engine; use the Pulumi CLI (--engine cli)`,
    exitCode.usage,
  );
