/** The built CLI as a person has it: a process, in a project folder of the test's own. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(__dirname, "..", "..");
export const bin = join(root, "bin", "switchyard.js");

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Running {
  cwd?: string;
  env?: Record<string, string>;
  node?: string;
  /** Its standard input; otherwise there is none. */
  input?: string;
  /** Called with all of stdout so far, each time there is more. */
  onOutput?: (stdout: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `switchyard` with nobody at a terminal. Variables of the test's own machine that it would heed are left out. */
export function switchyard(
  args: string[],
  { cwd = root, env = {}, node, input, onOutput }: Running = {},
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(PULUMI_|SWITCHYARD_|CI$|FORCE_COLOR$)/.test(name),
  );
  const child = spawn(node ?? process.execPath, [bin, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  return new Promise((ended, failed) => {
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", failed);
    child.on("close", (code) => ended({ code, stdout, stderr }));
  });
}

/** Each line of `--json` output. */
export const documents = ({ stdout }: Ended): Record<string, unknown>[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The answer: the last document. */
// biome-ignore lint/suspicious/noExplicitAny: answers are JSON of different shapes
export const answer = (ended: Ended): any => documents(ended).at(-1);

export interface ProjectFolder {
  dir: string;
  dispose(): void;
}

/** A folder with the project's Pulumi.yaml and, for `dev`, this text. */
export function projectFolder(devConfig: string): ProjectFolder {
  const dir = mkdtempSync(join(tmpdir(), "switchyard-cli-"));
  copyFileSync(join(root, "Pulumi.yaml"), join(dir, "Pulumi.yaml"));
  writeFileSync(join(dir, "Pulumi.dev.yaml"), devConfig);
  return { dir, dispose: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Somebody else's server on a port of loopback; 0: any. */
export function listenOn(port: number): Promise<{ server: Server; port: number }> {
  return new Promise((listening, failed) => {
    const server = createServer().listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") failed(new Error("no port"));
      else listening({ server, port: address.port });
    });
    server.on("error", failed);
  });
}
