/** CPU and memory limits by cgroups, version 2 or 1, where this user may make them. Linux only; elsewhere nothing is found. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessSpec, ProcessStatus } from "../api";

type Limits = ProcessSpec["limits"];

export interface Limiter {
  /** What will hold these limits. */
  by(limits: Limits): ProcessStatus["limitsBy"];
  /** Puts a just started process, and so all its later children, under its limits. */
  place(name: string, pid: number, limits: Limits): void;
  /** How often the kernel killed for memory in this process's group, since `place`. */
  memoryKills(name: string): number;
  /** Forgets an ended group. */
  remove(name: string): void;
  /** Forgets everything, when all groups have ended. */
  close(): void;
}

interface Controllers {
  version: 1 | 2;
  /** The directories under which each process gets its own; undefined: that controller is not ours to use. */
  memory?: string;
  cpu?: string;
}

const periodUs = 100_000;

function tryTo<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined; // not ours to change: the caller falls back
  }
}

const read = (file: string) => tryTo(() => readFileSync(file, "utf8"));

/** A new directory in which `file` exists, so that the controller is really there; undefined: not possible. */
function makeBase(directory: string, file: string): string | undefined {
  return tryTo(() => {
    mkdirSync(directory, { recursive: true });
    const probe = join(directory, "probe");
    mkdirSync(probe, { recursive: true });
    const works = read(join(probe, file)) !== undefined;
    rmdirSync(probe);
    if (!works) rmdirSync(directory);
    return works ? directory : undefined;
  });
}

function findVersion1(id: string): Controllers | undefined {
  const own = new Map(
    (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
      const [, controllers = "", path = ""] = line.split(":");
      return controllers.split(",").map((controller) => [controller, path] as const);
    }),
  );
  const base = (controller: string, file: string) => {
    const path = own.get(controller);
    return path === undefined ? undefined : makeBase(join("/sys/fs/cgroup", controller, path, id), file);
  };
  const memory = base("memory", "memory.limit_in_bytes");
  const cpu = base("cpu", "cpu.cfs_quota_us");
  return memory || cpu ? { version: 1, memory, cpu } : undefined;
}

/** Own cgroup or its parent: one with processes of its own may not hand controllers down, so usually the parent. */
function findVersion2(id: string): Controllers | undefined {
  const path = /^0::(\/.*)$/m.exec(read("/proc/self/cgroup") ?? "")?.[1];
  if (path === undefined || read("/sys/fs/cgroup/cgroup.controllers") === undefined) return undefined;
  for (const place of new Set([path, join(path, "..")])) {
    const directory = join("/sys/fs/cgroup", place, id);
    tryTo(() => mkdirSync(directory, { recursive: true }));
    for (const controller of ["+memory", "+cpu"])
      for (const parent of [join(directory, ".."), directory])
        tryTo(() => writeFileSync(join(parent, "cgroup.subtree_control"), controller));
    const memory = makeBase(directory, "memory.max");
    const cpu = makeBase(directory, "cpu.max");
    if (memory || cpu) return { version: 2, memory, cpu };
    tryTo(() => rmdirSync(directory));
  }
  return undefined;
}

/** Limits without cgroups: memory is watched by the supervisor, CPU is not limited. */
export const watchingLimiter: Limiter = {
  by: (limits) => ({
    memory: limits.memoryMb === undefined ? "none" : "watched",
    cpu: limits.cpus === undefined ? "none" : "not-enforced",
  }),
  place: () => {},
  memoryKills: () => 0,
  remove: () => {},
  close: () => {},
};

/** A runtime directory has cgroups of its own, for example `switchyard-4f1c…`. */
export function findLimiter(runtimeDir: string): Limiter {
  const id = `switchyard-${createHash("sha256").update(runtimeDir).digest("hex").slice(0, 12)}`;
  const found = process.platform === "linux" ? (findVersion2(id) ?? findVersion1(id)) : undefined;
  if (!found) return watchingLimiter;
  const { version, memory, cpu } = found;
  const files =
    version === 2
      ? { memory: "memory.max", cpu: "cpu.max", kills: "memory.events" }
      : { memory: "memory.limit_in_bytes", cpu: "cpu.cfs_quota_us", kills: "memory.oom_control" };
  const enter = (directory: string, file: string, value: string, pid: number) => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, file), value);
    writeFileSync(join(directory, "cgroup.procs"), String(pid));
  };
  const without = watchingLimiter.by;
  const bases = [...new Set([memory, cpu])].filter((base) => base !== undefined);
  return {
    by: (limits) => ({
      memory: memory && limits.memoryMb !== undefined ? `cgroup-v${version}` : without(limits).memory,
      cpu: cpu && limits.cpus !== undefined ? `cgroup-v${version}` : without(limits).cpu,
    }),
    place(name, pid, limits) {
      if (memory && limits.memoryMb !== undefined)
        enter(join(memory, name), files.memory, String(limits.memoryMb * 1024 * 1024), pid);
      if (cpu && limits.cpus !== undefined) {
        const quota = Math.round(limits.cpus * periodUs);
        enter(join(cpu, name), files.cpu, version === 2 ? `${quota} ${periodUs}` : String(quota), pid);
      }
    },
    memoryKills: (name) =>
      memory ? Number(/^oom_kill (\d+)/m.exec(read(join(memory, name, files.kills)) ?? "")?.[1] ?? 0) : 0,
    remove(name) {
      // Busy while a zombie is in it; then it stays, empty, and is used again by the next start.
      for (const base of bases) tryTo(() => rmdirSync(join(base, name)));
    },
    close() {
      for (const base of bases) tryTo(() => rmdirSync(base));
    },
  };
}
