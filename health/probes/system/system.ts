/** The machine that this process runs on: what of it is nearly used up. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Probe, Result } from "../../check";
import { combined, result } from "../results";
import { type CpuTimes, type Readings, readSystem } from "./readings";

/** From which share of 0 to 1 on it is a warning, and from which a failure. */
export interface Limit {
  warn: number;
  fail: number;
}

export interface SystemSpec {
  /** A folder on the disk that counts. */
  path: string;
  limits?: Partial<Record<keyof Readings, Limit>>;
  /** Of this process, the 99th percentile since the probe before. */
  eventLoopDelayMs?: Limit;
}

/** Pressure is a loss already; a full disk or the last file descriptor stops everything. */
const usualLimits: Record<keyof Readings, Limit> = {
  cpu: { warn: 0.9, fail: 0.98 },
  memory: { warn: 0.9, fail: 0.97 },
  disk: { warn: 0.85, fail: 0.95 },
  inodes: { warn: 0.85, fail: 0.95 },
  fileDescriptors: { warn: 0.8, fail: 0.95 },
  cpuPressure: { warn: 0.4, fail: 0.8 },
  memoryPressure: { warn: 0.1, fail: 0.4 },
  ioPressure: { warn: 0.4, fail: 0.8 },
};

const words: Record<keyof Readings, string> = {
  cpu: "of the CPU is used",
  memory: "of the memory is used",
  disk: "of the disk is used",
  inodes: "of the disk's inodes are used",
  fileDescriptors: "of the file descriptors are used",
  cpuPressure: "of the time somebody waits for a CPU",
  memoryPressure: "of the time somebody waits for memory",
  ioPressure: "of the time somebody waits for a disk",
};

const usualLoopDelayMs: Limit = { warn: 100, fail: 500 };
const resolutionMs = 20;

export function systemProbe({ path, limits, eventLoopDelayMs = usualLoopDelayMs }: SystemSpec): Probe {
  let before: CpuTimes | undefined;
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined;
  return async () => {
    const { times, ...readings } = readSystem(path, before);
    before = times;
    const loop = loopDelay(delay, eventLoopDelayMs);
    // it begins with the first probe: a check that nobody asks measures nothing
    delay ??= startedDelay();
    delay.reset();
    return withoutPraise([...againstLimits(readings, limits ?? {}), ...loop]);
  };
}

export function againstLimits(readings: Readings, limits: Partial<Record<keyof Readings, Limit>>): Result[] {
  return Object.entries(readings).flatMap(([name, value]) => {
    if (!isReading(name) || typeof value !== "number") return [];
    // a reading that is no number is no evidence that there is enough left
    if (Number.isNaN(value)) return [result("unknown", `${name} cannot be read`)];
    const limit = limits[name] ?? usualLimits[name];
    const verdict = value >= limit.fail ? "fail" : value >= limit.warn ? "warn" : "pass";
    const percent = Math.round(value * 1000) / 10;
    return [result(verdict, `${percent} % ${words[name]}`, [{ name, value: percent, unit: "percent" }])];
  });
}

const isReading = (name: string): name is keyof Readings => name in usualLimits;

function startedDelay(): ReturnType<typeof monitorEventLoopDelay> {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  return delay;
}

function loopDelay(delay: ReturnType<typeof monitorEventLoopDelay> | undefined, limit: Limit): Result[] {
  if (delay === undefined || delay.count === 0) return [];
  const ms = Math.max(0, Math.round(delay.percentile(99) / 1e6 - resolutionMs));
  const verdict = ms >= limit.fail ? "fail" : ms >= limit.warn ? "warn" : "pass";
  const measured = [{ name: "eventLoopDelay", value: ms, unit: "ms" }];
  return [result(verdict, `the event loop's delay is ${ms} ms (p99)`, measured)];
}

/** When all is well, three numbers say it; the others are in the measurements. */
function withoutPraise(results: Result[]): Result {
  const whole = combined(results);
  if (whole.verdict !== "pass") return whole;
  return {
    ...whole,
    evidence: results
      .slice(0, 3)
      .map(({ evidence }) => evidence)
      .join("; "),
  };
}
