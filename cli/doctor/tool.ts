import { execFile } from "node:child_process";

/** The first line that a tool on PATH says to this question; undefined: there is no such tool, or it does not work. */
export function ask(tool: string, ...question: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(tool, question, { timeout: 10_000 }, (error, stdout) => {
      resolve(error ? undefined : (stdout.split("\n")[0]?.trim() ?? ""));
    });
  });
}
