/** When to start a process again that ended by itself. */

/** A process that ran this long was stable: its next end starts a new series. */
export const stableMs = 10_000;
const firstMs = 250;
const longestMs = 30_000;

/**
 * Exponential with jitter (0.8 to 1.2), so that many slots do not start in step. `failures`: ends in a row that came
 * sooner than `stableMs`; 0, the end of a stable run, starts again at once. `random`: 0..1.
 */
export function backOffMs(failures: number, random: number): number {
  if (failures === 0) return 0;
  return Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (0.8 + 0.4 * random);
}
