import { performance } from "node:perf_hooks";

/** Ms since the epoch that only go forward: a wall clock that is set back or ahead moves no probe and makes no failure. */
export const now = (): number => Math.round(performance.timeOrigin + performance.now());
