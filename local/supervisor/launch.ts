/** Starting one process: in its own group, with little of our environment, its output straight to its log file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessSpec } from "../api";
import { JsonHttpError } from "../http-json";
import { markVariable, portHolder, portIsTaken } from "../process-table";
import { withLog } from "./logs";

/** Nothing of the supervisor's own environment but this reaches a process; `node` is the supervisor's own Node. */
function baseEnvironment(): Record<string, string> {
  const { HOME, LANG, TMPDIR, PATH } = process.env;
  const kept = Object.entries({ HOME, LANG, TMPDIR }).filter((entry): entry is [string, string] => !!entry[1]);
  return {
    ...Object.fromEntries(kept),
    PATH: `${dirname(process.execPath)}:${PATH ?? "/usr/local/bin:/usr/bin:/bin"}`,
  };
}

/** Throws `port-taken` and `stage-failed` (no such folder) before anything was changed. */
export async function checkLaunch(name: string, { cwd, port }: ProcessSpec): Promise<void> {
  if (port !== undefined && (await portIsTaken(port)))
    throw new JsonHttpError(409, "port-taken", `port ${port} is held by ${portHolder(port)}`);
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory())
    throw new JsonHttpError(422, "stage-failed", `${name}: there is no folder ${cwd}`);
}

/** Resolves with a child that has a pid; throws `stage-failed` when the command cannot be run. */
export async function launch(
  name: string,
  { command, cwd, env }: ProcessSpec,
  logFile: string,
  mark: string,
): Promise<ChildProcess & { pid: number }> {
  const child = withLog(logFile, (fd) =>
    spawn(command[0] ?? "", command.slice(1), {
      cwd,
      env: { ...baseEnvironment(), ...env, [markVariable]: mark },
      detached: true,
      stdio: ["ignore", fd, fd],
    }),
  );
  if (child.pid !== undefined) return Object.assign(child, { pid: child.pid });
  const [error] = (await once(child, "error")) as [Error];
  throw new JsonHttpError(422, "stage-failed", `${name}: cannot start ${command[0]}: ${error.message}`);
}
