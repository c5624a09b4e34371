/** Starting, watching and ending what the bench compares. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { delimiter, join } from "node:path";

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Resolves when something accepts connections on the port. */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    const accepted = await new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1", () => done(true));
      socket.on("error", () => done(false));
      socket.on("connect", () => socket.destroy());
    });
    if (accepted) return;
    await pause(20);
  }
  throw new Error(`${child.spawnfile} does not listen on ${port}`);
}

export const pause = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));

export function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(command, args, { stdio: ["ignore", "ignore", "inherit", "ipc"], env: { ...process.env, ...env } });
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}

/** In MB, as the kernel counts it now; null where there is no /proc. */
export function residentMb(pid: number | undefined): number | null {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return null;
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, "utf8"));
  return match === null ? null : Math.round(Number(match[1]) / 1024);
}

/** The program's path, from PATH or the folder of peers; null: it is not there. */
export function findProgram(name: string, peersDir: string): string | null {
  const folders = [join(peersDir, "bin"), ...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

export const firstLine = (command: string, args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split("\n", 1)[0] ?? "";
