import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { SwitchyardError } from "../../config/errors";

export interface BuildOptions {
  folder: string;
  commands: string[][];
  logFile: string;
  onLine?: (line: string) => void;
  signal?: AbortSignal;
}

const shownLines = 20;
const noRoom = /ENOSPC|no space left on device/i;
/** A build may reach its registry as the user does, and sees nothing else of the caller's environment. */
const passedOn =
  /^(HOME|USER|LANG|LC_ALL|TMPDIR|TZ|(https?|no|all)_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS|npm_config_(registry|cache|userconfig))$/i;

/** Runs the commands one after the other. Throws `build-failed` with the last lines, `disk-full`, `interrupted`. */
export async function build({ folder, commands, logFile, onLine, signal }: BuildOptions): Promise<void> {
  const log = createWriteStream(logFile, { mode: 0o600 });
  const logged = finished(log);
  // Awaited below; without a listener meanwhile, a full disk would end the process.
  logged.catch(() => undefined);
  try {
    for (const command of commands) {
      const last: string[] = [];
      const told = (line: string) => {
        log.write(`${line}\n`);
        onLine?.(line);
        last.push(line);
        if (last.length > shownLines) last.shift();
      };
      told(`$ ${command.join(" ")}`);
      const end = await run(command, folder, told, signal);
      if (end !== undefined) throw failure(command, end, last, logFile, signal);
    }
  } finally {
    log.end();
    await logged;
  }
}

function failure(
  command: string[],
  end: string,
  last: string[],
  logFile: string,
  signal?: AbortSignal,
): SwitchyardError {
  const facts = { command, lastLines: last.slice(1), log: logFile };
  if (signal?.aborted)
    return new SwitchyardError("interrupted", `the build was interrupted during ${command.join(" ")}`, { facts });
  if (last.some((line) => noRoom.test(line)))
    return new SwitchyardError("disk-full", `the disk is full: ${command.join(" ")} could not write`, { facts });
  const lines = last.slice(1).map((line) => `  ${line}`);
  return new SwitchyardError("build-failed", [`the build command ${command.join(" ")} ${end}:`, ...lines].join("\n"), {
    facts,
  });
}

/** undefined: it ended well; otherwise how it ended, in words. */
function run(
  command: string[],
  cwd: string,
  onLine: (line: string) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [file, ...args] = command as [string, ...string[]];
  // A group of its own, so that an interrupted build leaves no process behind.
  const child = spawn(file, args, { cwd, env: buildEnvironment(), stdio: ["ignore", "pipe", "pipe"], detached: true });
  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
    }
  };
  if (signal?.aborted) kill();
  signal?.addEventListener("abort", kill);
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", onLine);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`could not be started (${error.message})`));
    child.on("close", (code, killedBy) => {
      signal?.removeEventListener("abort", kill);
      resolve(code === 0 ? undefined : killedBy ? `was ended by ${killedBy}` : `ended with code ${code}`);
    });
  });
}

function buildEnvironment(): Record<string, string> {
  // `node` in a build is the Node that runs Switchyard.
  const env: Record<string, string> = {
    CI: "true",
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ""}`,
  };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && passedOn.test(name)) env[name] = value;
  }
  return env;
}
