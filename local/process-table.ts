/**
 * What the operating system knows about processes. Everything that differs between Linux and macOS is in this file and in
 * `supervisor/cgroups.ts`. Without /proc (macOS) it works with `ps`: no port holders' names and no search by mark.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Linux: boot id and start time in clock ticks; elsewhere the start time as `ps` prints it. */
  startTime: string;
}

export interface ProcessRow {
  pid: number;
  group: number;
}

const linux = process.platform === "linux";

/** Reads a file of /proc; undefined: the process is gone or belongs to somebody else. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "latin1");
  } catch {
    return undefined;
  }
}

interface Stat {
  state: string;
  group: number;
  startTicks: string;
}

function stat(pid: number | string): Stat | undefined {
  const text = readProc(`${pid}/stat`);
  if (!text) return undefined;
  // The name, in parentheses, may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", group: Number(fields[2]), startTicks: fields[19] ?? "" };
}

let bootId: string | undefined;
function thisBoot(): string {
  bootId ??= readProc("sys/kernel/random/boot_id")?.trim() ?? "";
  return bootId;
}

function ps(...args: string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return ""; // ps ends with 1 when it finds no such process
  }
}

/** Undefined: no such process, or only its remains (a zombie). */
export function identify(pid: number): ProcessIdentity | undefined {
  if (linux) {
    const found = stat(pid);
    return found && found.state !== "Z" && found.state !== "X"
      ? { pid, startTime: `${thisBoot()}:${found.startTicks}` }
      : undefined;
  }
  const [state, ...started] = ps("-o", "state=,lstart=", "-p", String(pid)).trim().split(/\s+/);
  return state && !state.startsWith("Z") ? { pid, startTime: started.join(" ") } : undefined;
}

export const isRunning = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startTime === identity.startTime;

/** Every live process, zombies left out. */
function processes(): ProcessRow[] {
  if (linux)
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((pid) => {
        const found = stat(pid);
        return found && found.state !== "Z" && found.state !== "X" ? [{ pid: Number(pid), group: found.group }] : [];
      });
  return ps("-axo", "pid=,pgid=,state=")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([pid, , state]) => pid && !state?.startsWith("Z"))
    .map(([pid, group]) => ({ pid: Number(pid), group: Number(group) }));
}

/** Is anybody alive in the group? The kernel counts zombies too, which an adopted group may keep for ever. */
export function groupIsAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return processes().some((row) => row.group === group);
}

/** Resident memory of a group in MB; pages that its processes share count once for each. */
export function groupMemoryMb(groups: number[]): Map<number, number> {
  const wanted = new Set(groups);
  const sum = new Map<number, number>();
  for (const { pid, group } of processes()) {
    if (!wanted.has(group)) continue;
    const kb = linux
      ? Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`${pid}/status`) ?? "")?.[1] ?? 0)
      : Number(ps("-o", "rss=", "-p", String(pid)));
    sum.set(group, (sum.get(group) ?? 0) + kb / 1024);
  }
  return sum;
}

/** Every started process carries this in its environment, and so do its children: `<runtime directory>|<token of the start>`. */
export const markVariable = "SWITCHYARD_SUPERVISED";

/** Live processes that carry the mark of this runtime directory, with the token of their start. */
export function markedProcesses(runtimeDir: string): (ProcessRow & { token: string })[] {
  if (!linux) return [];
  const prefix = `${markVariable}=${runtimeDir}|`;
  return processes().flatMap((row) => {
    const variable = readProc(`${row.pid}/environ`)
      ?.split("\0")
      .find((entry) => entry.startsWith(Buffer.from(prefix).toString("latin1")));
    return variable ? [{ ...row, token: variable.slice(variable.lastIndexOf("|") + 1) }] : [];
  });
}

/** Can nobody listen on 127.0.0.1:port just now? */
export function portIsTaken(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(true) : reject(error),
    );
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(false)));
  });
}

/** Who listens on a port, in words: `pid 4711 (node)`, or `another process` where that cannot be seen. */
export function portHolder(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const inodes = ["net/tcp", "net/tcp6"]
    .flatMap((table) => (linux ? (readProc(table) ?? "").split("\n") : []))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === "0A")
    .map((fields) => `socket:[${fields[9]}]`);
  if (inodes.length === 0) return "another process";
  for (const { pid } of processes())
    if (descriptors(pid).some((target) => inodes.includes(target)))
      return `pid ${pid} (${readProc(`${pid}/comm`)?.trim() ?? "unknown"})`;
  return "another user's process";
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return ""; // closed between the two calls
      }
    });
  } catch {
    return []; // gone, or not ours to look into
  }
}
