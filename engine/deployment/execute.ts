import { messageOf } from "../../config/errors";
import type { ResourceState, Urn } from "../state/types";
import { apply, ProtectedFailure, type Workbench } from "./apply";
import { type Events, type FailureStatus, failureStatus } from "./events";
import { Abandoned, type Outcome, Stopped } from "./outcome";
import { CleanFailure, PartialFailure } from "./partialFailure";
import type { Snapshots } from "./snapshots";
import { type Step, subject } from "./steps";

interface ExecutorOptions {
  outcome: Outcome;
  events: Events;
  snapshots: Snapshots;
  bench: Workbench;
  /** Chains at once; 0 or less: unlimited. */
  parallel: number;
  continueOnError: boolean;
}

/** Runs chains of steps, each chain in order, several chains at once. */
export class Executor {
  /** What is applied by now, by URN. */
  readonly news = new Map<Urn, ResourceState>();
  readonly #options: ExecutorOptions;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: (() => void)[] = [];
  #running = 0;

  constructor(options: ExecutorOptions) {
    this.#options = options;
  }

  /** False: a step failed, or was not begun because the run was stopped. */
  async run(chain: Step[]): Promise<boolean> {
    const { parallel } = this.#options;
    if (parallel > 0 && this.#running >= parallel) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      for (const step of chain) if (!(await this.#step(step))) return false;
      return true;
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Resolves when no chain runs. */
  async idle(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #step(step: Step): Promise<boolean> {
    const { outcome, events, snapshots, bench } = this.#options;
    if (outcome.stopped) return false;
    events.before(step);
    if (!(await this.#written(snapshots.begin(step)))) return false;
    let failure: unknown;
    try {
      await Promise.race([apply(step, { ...bench, fence: () => this.#fence() }), outcome.whenAbandoned]);
    } catch (thrown) {
      failure = thrown ?? new Error("a provider threw nothing");
    }
    const kept = failure === undefined || failure instanceof PartialFailure;
    if (kept && step.new && !step.skipped) this.news.set(step.new.urn, step.new);
    if (failure === undefined) events.succeeded(step);
    else if (!(failure instanceof Stopped)) this.#failed(step, failure);
    // An abandoned step stays pending in state: the next run has to tell that nobody knows what became of it.
    if (failure instanceof Abandoned) return false;
    const written = outcome.fatal === undefined && (await this.#written(snapshots.end(step, kept)));
    return written && failure === undefined;
  }

  #failed(step: Step, failure: unknown): void {
    const { outcome, events, bench, continueOnError } = this.#options;
    const { urn } = subject(step);
    const message = failure instanceof PartialFailure ? failure.listed : messageOf(failure);
    events.diagnostic("error", bench.dryRun ? `Preview failed: ${message}` : message, urn);
    const status = statusOf(step, failure);
    events.failed(step, status);
    outcome.fail(message);
    outcome.stepFailed = true;
    outcome.failedUrns.add(urn);
    if (status === failureStatus.unknown) outcome.maybeCorrupt = true;
    if (!continueOnError && !(failure instanceof ProtectedFailure)) outcome.stop();
  }

  #fence(): void {
    const { outcome, bench } = this.#options;
    try {
      bench.fence();
    } catch (thrown) {
      outcome.die(asError(thrown));
      throw new Stopped("the lock is gone");
    }
  }

  async #written(write: Promise<void>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch (thrown) {
      this.#options.outcome.die(asError(thrown));
      return false;
    }
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

function statusOf({ op }: Step, failure: unknown): FailureStatus {
  if (failure instanceof PartialFailure) return failureStatus.partial;
  // A creation that failed left nothing that state could be wrong about.
  const creation = op === "create" || op === "create-replacement";
  if (failure instanceof Abandoned) return failureStatus.unknown;
  const certain = creation || failure instanceof ProtectedFailure || failure instanceof CleanFailure;
  return certain ? failureStatus.none : failureStatus.unknown;
}
