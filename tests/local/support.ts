/** A runtime directory of a test's own, and what tests ask about processes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessSpec } from "../../local/api";
import { LocalRuntime } from "../../local/client";
import { identify } from "../../local/process-table";

export const fixture = join(__dirname, "fixtures", "service.js");

export interface Place {
  directory: string;
  runtime: LocalRuntime;
  /** Ends whatever the test left running. */
  clean(): Promise<void>;
}

export function place(): Place {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-local-"));
  const runtime = new LocalRuntime(join(directory, "run"), { environment: "dev" });
  return {
    directory,
    runtime,
    async clean() {
      await runtime.reviveSupervisor();
      await runtime.shutdown({ keepProcesses: false });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until `probe` gives something, with a deadline. */
export async function until<T>(
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${probe}`);
    await delay(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function service(mode: string, port: number, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    command: ["node", fixture, mode],
    cwd: __dirname,
    env: { PORT: String(port), VERSION: "v1" },
    graceMs: 2000,
    limits: {},
    port,
    ...more,
  };
}

export const answerOf = async (port: number): Promise<string | undefined> => {
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).text();
  } catch {
    return undefined; // not listening
  }
};

export const isGone = (pid: number): boolean => identify(pid) === undefined;
export const textOf = (file: string): string => readFileSync(file, "utf8");
