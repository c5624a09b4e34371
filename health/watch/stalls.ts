/**
 * How long this process could not run: its event loop was blocked, or the machine gave it no time. What a probe found
 * meanwhile says more about the prober than about the target.
 */
import { now } from "./clock";

const everyMs = 100;
const keptMs = 120_000;

export interface Stalls {
  /** The longest stall in ms that ended at or after this time, or goes on. */
  longestSince(at: number): number;
  stop(): void;
}

export function measureStalls(): Stalls {
  let expected = now() + everyMs;
  let kept: { endedAt: number; ms: number }[] = [];
  const timer = setInterval(() => {
    const at = now();
    const ms = at - expected;
    expected = at + everyMs;
    if (ms < everyMs) return;
    kept = [...kept.filter((stall) => stall.endedAt > at - keptMs), { endedAt: at, ms }];
  }, everyMs).unref();
  return {
    longestSince: (at) =>
      Math.max(0, now() - expected, ...kept.filter(({ endedAt }) => endedAt >= at).map(({ ms }) => ms)),
    stop: () => clearInterval(timer),
  };
}
