/** When a process is started again: counts its failures in a row and holds the timer. */
import { backOffMs, stableMs } from "./back-off";

export class Restarts {
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  /** When the next start is due; undefined: none is. */
  dueAt: Date | undefined;

  constructor(private readonly around: { now(): Date; random(): number }) {}

  /** A start that failed, or an end; `startedAt` null: it never ran. */
  countFailure(startedAt: string | null): void {
    const ranMs = startedAt === null ? 0 : this.around.now().getTime() - Date.parse(startedAt);
    this.failures = ranMs >= stableMs ? 0 : this.failures + 1;
  }

  /** Calls `start` once, after the back-off, unless it is cancelled before. Returns the back-off in ms. */
  schedule(start: () => void): number {
    this.cancel();
    const delayMs = backOffMs(this.failures, this.around.random());
    this.dueAt = new Date(this.around.now().getTime() + delayMs);
    this.timer = setTimeout(start, delayMs);
    return delayMs;
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.dueAt = undefined;
  }

  /** Forgets what went wrong before. */
  reset(): void {
    this.cancel();
    this.failures = 0;
  }
}
