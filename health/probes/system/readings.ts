/**
 * What the machine, or the container that this process is limited to, has left. Each reading is undefined where the system
 * does not tell it, which is not the same as 0.
 */
import { readFileSync, statfsSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";

export interface Readings {
  /** Of all cores, or of the cgroup's quota, since the reading before; undefined for the first. */
  cpu?: number;
  /** Of the machine's memory, or of the cgroup's limit where that is lower. */
  memory?: number;
  disk?: number;
  inodes?: number;
  /** Of the system's file descriptors. */
  fileDescriptors?: number;
  /** Pressure stall information: of the last 10 s, the share in which somebody waited. */
  cpuPressure?: number;
  memoryPressure?: number;
  ioPressure?: number;
}

export interface CpuTimes {
  busyMs: number;
  /** What could have been used. */
  wholeMs: number;
}

/** Pseudo files only: reading them does not wait for a disk. */
const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // another system, or another kernel
    return undefined;
  }
};

function cpuTimes(): CpuTimes {
  let busyMs = 0;
  let wholeMs = 0;
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busyMs += used;
    wholeMs += used + times.idle;
  }
  return { busyMs, wholeMs };
}

/** `root` is where /proc and /sys are, for tests. */
export function readSystem(path: string, before: CpuTimes | undefined, root = ""): Readings & { times: CpuTimes } {
  const times = cpuTimes();
  const disk = statfsSync(path);
  const waited = (resource: string) => pressure(textOf(`${root}/proc/pressure/${resource}`));
  return {
    times,
    ...given("cpu", before && share(times.busyMs - before.busyMs, times.wholeMs - before.wholeMs)),
    ...given("memory", memoryShare(root)),
    // as `df` says it: what is kept for root is nobody else's to use
    ...given("disk", share(disk.blocks - disk.bfree, disk.blocks - disk.bfree + disk.bavail)),
    ...given("inodes", share(disk.files - disk.ffree, disk.files)),
    ...given("fileDescriptors", descriptors(textOf(`${root}/proc/sys/fs/file-nr`))),
    ...given("cpuPressure", waited("cpu")),
    ...given("memoryPressure", waited("memory")),
    ...given("ioPressure", waited("io")),
  };
}

/** The tightest limit decides: the machine's own, or the cgroup's, version 2 or 1. */
export function memoryShare(root: string): number | undefined {
  const machine = share(totalmem() - available(root), totalmem());
  const group = root === "" ? ownGroup() : `${root}/sys/fs/cgroup`;
  const shares = [
    [`${group}/memory.current`, `${group}/memory.max`],
    [`${root}/sys/fs/cgroup/memory/memory.usage_in_bytes`, `${root}/sys/fs/cgroup/memory/memory.limit_in_bytes`],
  ].flatMap(([used = "", limit = ""]) => {
    // "max" is no number, and version 1 says "no limit" as a number larger than any memory
    const [usedBytes, limitBytes] = [Number(textOf(used)), Number(textOf(limit))];
    return limitBytes > 0 && limitBytes < totalmem() ? [usedBytes / limitBytes] : [];
  });
  return Math.max(machine ?? 0, ...shares);
}

/** Memory that can be had without swapping; on other systems than Linux what is free. */
function available(root: string): number {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(textOf(`${root}/proc/meminfo`) ?? "")?.[1];
  return kilobytes === undefined ? freemem() : Math.min(Number(kilobytes) * 1024, totalmem());
}

const ownGroup = (): string => {
  const path = /^0::(\/.*)$/m.exec(textOf("/proc/self/cgroup") ?? "")?.[1] ?? "/";
  return `/sys/fs/cgroup${path === "/" ? "" : path}`;
};

/** `some avg10=1.25 avg60=…`: percent. */
export function pressure(text: string | undefined): number | undefined {
  const percent = /^some avg10=([\d.]+)/m.exec(text ?? "")?.[1];
  return percent === undefined ? undefined : Number(percent) / 100;
}

/** Allocated, allocated and unused (always 0 since Linux 2.6), and the most. */
function descriptors(text: string | undefined): number | undefined {
  const [allocated, , most] = (text ?? "").trim().split(/\s+/).map(Number);
  return allocated === undefined || most === undefined ? undefined : share(allocated, most);
}

const share = (part: number, whole: number): number | undefined => (whole > 0 ? part / whole : undefined);

const given = <K extends string>(name: K, value: number | undefined): { [key in K]?: number } =>
  value === undefined ? {} : ({ [name]: value } as { [key in K]?: number });
