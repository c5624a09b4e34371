/** One git process: arguments as a list, never a shell; output byte for byte; the exit code is part of the answer. */
import { spawn } from "node:child_process";
import { SwitchyardError } from "../../config/errors";
import { gitEnvironment, hideSecrets } from "./environment";

export interface GitOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
  /** Exit codes that are answers. Any other throws. */
  answers?: readonly number[];
  /** Takes the output as it comes; `stdout` of the result is then empty. */
  onOutput?: (chunk: Buffer) => void;
  /** The process and what it started are killed then. */
  deadlineMs?: number;
  signal?: AbortSignal | undefined;
}

export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

const usualDeadlineMs = 120_000;
/** More than this is a mistake of ours, or somebody's attack on our memory. */
const mostOutput = 512 << 20;

/** Throws `git-failed`, `interrupted`. */
export function runGit(folder: string, args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
  const { input = "", answers = [0], deadlineMs = usualDeadlineMs, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn("git", args, {
      cwd: folder,
      env: gitEnvironment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
      // a group of its own, so that what git starts (ssh, a credential helper, a hook) ends with it
      detached: true,
    });
    let killed: string | undefined;
    const kill = (why: string) => {
      killed ??= why;
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
      }
    };
    const timer = setTimeout(() => kill(`did not end within ${deadlineMs / 1000} s`), deadlineMs);
    const interrupt = () => kill("was interrupted");
    if (signal?.aborted) interrupt();
    signal?.addEventListener("abort", interrupt);

    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (options.onOutput) return options.onOutput(chunk);
      size += chunk.length;
      if (size > mostOutput) return kill(`printed more than ${mostOutput >> 20} MiB`);
      chunks.push(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-16_384);
    });
    // a git that ends before it has read everything says why with its exit code
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);

    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", interrupt);
    };
    child.on("error", (error) => {
      end();
      reject(failure(args, `could not be started: ${error.message}`, { folder }, error));
    });
    child.on("close", (code, by) => {
      end();
      const words = hideSecrets(stderr.trim());
      if (killed === "was interrupted") {
        reject(new SwitchyardError("interrupted", `git ${verbOf(args)} ${killed}.`));
      } else if (killed !== undefined || code === null) {
        reject(failure(args, killed ?? `was ended by ${by}`, { folder }));
      } else if (!answers.includes(code)) {
        const why = lastWords(words) ?? `ended with code ${code}`;
        reject(failure(args, why, { folder, exitCode: code, stderr: words }));
      } else {
        resolve({ code, stdout: Buffer.concat(chunks), stderr: words });
      }
    });
  });
}

function failure(args: readonly string[], why: string, facts: Record<string, unknown>, cause?: unknown) {
  return new SwitchyardError("git-failed", `git ${verbOf(args)}: ${why}`, { facts, cause });
}

/** `-c name=value` and `--git-dir=…` stand before the verb. */
function verbOf(args: readonly string[]): string {
  const at = args.findIndex((arg, i) => !arg.startsWith("-") && args[i - 1] !== "-c" && args[i - 1] !== "-C");
  return args[at] ?? "";
}

/** The line that says what went wrong: `fatal:` or `error:` where there is one, else the last. */
function lastWords(stderr: string): string | undefined {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("hint:"));
  return lines.find((line) => /^(fatal|error|remote: error): /.test(line)) ?? lines.at(-1);
}
