/** Load from another process: `wrk` where it is installed, else the bench's own generator. */
import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Load {
  requestsPerSecond: number;
  p99Ms: number;
  /** Refused, reset, timed out, or not 2xx. */
  errors: number;
}

export const connections = 32;
export type Generator = (url: string, seconds: number) => Promise<Load>;

export const withWrk =
  (program: string): Generator =>
  async (url, seconds) => {
    const text = await outputOf(program, [
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--timeout",
      "5s",
      "--latency",
      url,
    ]);
    const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
    const p99 = /99%\s+([\d.]+)(us|ms|s)/.exec(text);
    const unit = { us: 0.001, ms: 1, s: 1000 }[p99?.[2] ?? "ms"] ?? 1;
    const socketErrors =
      /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
    return {
      requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
      p99Ms: Number(p99?.[1] ?? 0) * unit,
      errors: number(/Non-2xx or 3xx responses: (\d+)/) + socketErrors.reduce((sum, count) => sum + Number(count), 0),
    };
  };

export const withOwn: Generator = async (url, seconds) =>
  JSON.parse(
    await outputOf(process.execPath, [join(__dirname, "generator.js"), url, String(connections), String(seconds)]),
  ) as Load;

function outputOf(command: string, args: string[]): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    child.on("error", fail);
    child.on("close", (code) => (code === 0 ? done(text) : fail(new Error(`${command} ended with ${code}`))));
  });
}
