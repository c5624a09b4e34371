/**
 * A command that decides, in the way of Nagios's plugins: exit code 0 pass, 1 warn, 2 fail, 3 unknown; any other is a failure.
 * The first line it writes is the evidence. It gets no shell and no secret of ours, and its whole process group ends with it.
 */
import { spawn } from "node:child_process";
import type { Probe, State } from "../check";
import { excerpt, result } from "./results";

export interface CommandSpec {
  /** The command as an argument list. */
  command: [string, ...string[]];
  cwd?: string;
  /** Beside PATH, HOME, LANG and TMPDIR of this process. */
  env?: Record<string, string>;
}

const passedOn = ["PATH", "HOME", "LANG", "TMPDIR"];
const mostOutput = 64 * 1024;
const states: State[] = ["pass", "warn", "fail", "unknown"];

export const commandProbe =
  (spec: CommandSpec): Probe =>
  async (signal) => {
    const { code, output } = await runCommand(spec, signal);
    const [program] = spec.command;
    const said = excerpt(output.split("\n").find((line) => line.trim() !== "") ?? "");
    const ended = code === null ? `${program} was ended by a signal` : `${program} ended with ${code}`;
    return result(states[code ?? -1] ?? "fail", said === "" ? ended : said);
  };

export interface Ended {
  /** null: a signal ended it. */
  code: number | null;
  /** Of stdout and stderr, at most 64 KiB. */
  output: string;
}

/** Rejects when it cannot be started. Aborted, it is killed with everything it started. */
export function runCommand({ command, cwd, env }: CommandSpec, signal: AbortSignal): Promise<Ended> {
  const [program, ...args] = command;
  const inherited = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error("there was no time left to start it"));
    const child = spawn(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // a process group of its own: what it started is ended too
      detached: true,
    });
    let output = "";
    const take = (text: string) => {
      output = (output + text).slice(0, mostOutput);
    };
    const kill = () => child.pid !== undefined && endGroup(child.pid);
    const end = () => {
      signal.removeEventListener("abort", kill);
      kill();
    };
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => {
      end();
      reject(new Error(`${program} cannot be started: ${error.message}`, { cause: error }));
    });
    // not "close": something it left behind may hold its output open
    child.on("exit", (code) => {
      // what it wrote before it ended is read first
      setImmediate(() => {
        end();
        resolve({ code, output });
      });
    });
  });
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
