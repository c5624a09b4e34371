/** The supervisor's side of its API; shapes and paths are in `local/api.ts`. */
import type { ProcessSpec, SupervisorState } from "../api";
import { JsonHttpError, type JsonRequest } from "../http-json";
import { packageVersion } from "../package";
import type { Supervisor } from "./supervisor";

/** `exit` is called when a shutdown's answer may be sent: the daemon ends soon after. */
export function handler(supervisor: Supervisor, exit: () => void): (request: JsonRequest) => unknown {
  const version = packageVersion();
  return async ({ method, path, body }) => {
    const [collection, name] = path;
    if (method === "GET" && collection === undefined)
      return { pid: process.pid, version, processes: supervisor.list() } satisfies SupervisorState;
    if (method === "POST" && collection === "shutdown") {
      const { keepProcesses = false, onlyIdle = false } = (body ?? {}) as Record<string, boolean>;
      if (onlyIdle && !supervisor.idle) throw new JsonHttpError(409, "busy", "the supervisor still has processes");
      await supervisor.stop(keepProcesses);
      exit();
      return {};
    }
    if (collection !== "processes" || name === undefined || path.length > 2)
      throw new JsonHttpError(404, "usage", `the supervisor has no /${path.join("/")}`);
    if (method === "GET") return supervisor.status(name);
    if (method === "PUT") return supervisor.put(processName(name), processSpec(body));
    if (method === "DELETE") return supervisor.remove(name);
    throw new JsonHttpError(405, "usage", `${method} is not for /processes`);
  };
}

/** It becomes a file name. */
function processName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,100}$/.test(name)) return name;
  throw new JsonHttpError(400, "usage", `${JSON.stringify(name)} is not a process name`);
}

/** Checked by hand: a schema library would double this daemon's memory, and its only caller is typed. */
function processSpec(body: unknown): ProcessSpec {
  const spec = body as ProcessSpec;
  const strings = (values: unknown) => Array.isArray(values) && values.every((value) => typeof value === "string");
  const good =
    typeof body === "object" &&
    body !== null &&
    strings(spec.command) &&
    spec.command.length > 0 &&
    typeof spec.cwd === "string" &&
    typeof spec.env === "object" &&
    strings(Object.values(spec.env)) &&
    Number.isFinite(spec.graceMs) &&
    typeof spec.limits === "object" &&
    (spec.stopAfter === undefined || !Number.isNaN(Date.parse(spec.stopAfter)));
  if (!good) throw new JsonHttpError(400, "usage", "the body is not a process spec");
  return spec;
}
