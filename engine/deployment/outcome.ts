import type { Urn } from "../state/types";

/** Thrown inside a run that was stopped; whoever stopped it has said why. */
export class Stopped extends Error {}

/** A provider did not answer for so long after the run was cancelled that nobody waits any more. */
export class Abandoned extends Error {}

/** What becomes of a run: why it failed, and whether it may still begin anything. */
export class Outcome {
  /** First reason first. */
  readonly errors: string[] = [];
  readonly failedUrns = new Set<Urn>();
  failed = false;
  cancelled = false;
  /** A step failed, other than a program or a check: the run ends with the words "update failed". */
  stepFailed = false;
  /** Some provider call ended in a way that leaves open what it did. */
  maybeCorrupt = false;
  /** The lock was lost or state could not be written: nothing more is called or written. */
  fatal: Error | undefined;
  readonly whenStopped: Promise<void>;
  /** Rejects with Abandoned; what is raced with it is left to itself then. */
  readonly whenAbandoned: Promise<never>;
  #stopped = false;
  #announce: () => void = () => undefined;
  #abandon: (error: Abandoned) => void = () => undefined;

  constructor() {
    this.whenAbandoned = new Promise((_, reject) => {
      this.#abandon = reject;
    });
    // most runs have nothing left to race with it
    this.whenAbandoned.catch(() => undefined);
    this.whenStopped = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** From now on nothing new begins; what runs finishes. */
  stop(): void {
    this.#stopped = true;
    this.#announce();
  }

  fail(message: string): void {
    this.failed = true;
    this.errors.push(message);
  }

  cancel(): void {
    this.cancelled = true;
    this.stop();
  }

  abandon(waitedMs: number): void {
    this.#abandon(
      new Abandoned(
        `the provider did not answer within ${waitedMs / 1000} s of the cancellation; what it did is not known`,
      ),
    );
  }

  die(error: Error): void {
    if (this.fatal !== undefined) return;
    this.fatal = error;
    this.fail(error.message);
    this.stop();
  }

  throwIfStopped(): void {
    if (this.#stopped) throw new Stopped("the deployment was stopped");
  }
}
