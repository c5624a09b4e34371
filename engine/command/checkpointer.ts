import { writeCheckpointText } from "../backend";
import { EngineFailure } from "../failure";
import type { Checkpoint } from "../state/checkpoint";
import { integrityViolation } from "../state/integrity";
import type { Snapshot } from "../state/types";
import { stackName, type Target } from "./context";
import type { StackKeys } from "./keys";
import { sealCheckpoint } from "./stateCommands";

interface CheckpointerOptions {
  target: Target;
  keys: StackKeys;
  loaded: Checkpoint;
  fence: () => void;
  now: () => string;
}

/**
 * Writes snapshots one after another. What is asked for while a write runs, or in one turn of the event loop, becomes one
 * write of the newest snapshot; everybody who asked is answered when theirs or a later one is on disk.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  #newest: () => Snapshot = () => ({ resources: [], pendingOperations: [] });
  #queued: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: CheckpointerOptions) {
    this.#options = options;
  }

  /** `newest` is called when the write begins. */
  save(newest: () => Snapshot): Promise<void> {
    this.#newest = newest;
    this.#queued ??= this.#next();
    return this.#queued;
  }

  async #next(): Promise<void> {
    // A failed write is reported to those who waited for it, not to these.
    await this.#running.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    this.#queued = undefined;
    this.#running = this.#write(this.#newest());
    return this.#running;
  }

  async #write({ resources, pendingOperations }: Snapshot): Promise<void> {
    const { target, keys, loaded, fence, now } = this.#options;
    fence();
    const text = await sealCheckpoint(
      { ...loaded, resources, pendingOperations, time: now() },
      keys,
      stackName(target),
    );
    writeCheckpointText(target.backend, target.id, text, fence);
    // Written all the same: what the cloud holds must not be forgotten.
    const violation = integrityViolation(resources);
    if (violation !== undefined) throw new EngineFailure(`state was saved, but it contains errors: ${violation}`);
  }
}
