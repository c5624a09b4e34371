/** A runtime directory of a test's own, and what tests ask about processes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
