/** Where the local platform keeps its things. Every name is made here, so that no two places disagree. */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included. */
const longestSocketPath = 103;

/** The supervisor's admin socket. */
export const supervisorSocket = (runtimeDir: string): string => socketPath(runtimeDir, "supervisor.sock");
/** The load balancer's admin socket. */
export const loadBalancerSocket = (runtimeDir: string): string => socketPath(runtimeDir, "lb.sock");
/** HAProxy's runtime socket, where it is the load balancer. While it starts, HAProxy binds a longer name beside it. */
export const haproxySocket = (runtimeDir: string): string =>
  socketPath(runtimeDir, "haproxy.sock", ".1234567.tmp".length);
/** What the supervisor owns; mode 0600, since it holds the processes' environment, secrets included. */
export const supervisorRecord = (runtimeDir: string): string => join(runtimeDir, "supervisor.json");
/** Target groups, routes and alarms as the load balancer last accepted them. */
export const loadBalancerRecord = (runtimeDir: string): string => join(runtimeDir, "lb.json");
/** Stdout and stderr of a process, appended; older ones are `<file>.1` to `<file>.3`. */
export const logFile = (runtimeDir: string, processName: string): string =>
  join(runtimeDir, "logs", `${processName}.log`);
/** The supervisor's name for a slot's process. */
export const slotProcess = (team: string, slot: string): string => `${team}.${slot}`;
/** The supervisor's name for the load balancer's process. */
export const loadBalancerProcess = "load-balancer";

/**
 * A socket in the runtime directory or, where that path is too long for a unix socket, in a directory of this user's own
 * under /tmp (TMPDIR may differ between callers), named by the runtime directory's hash.
 */
function socketPath(runtimeDir: string, name: string, reserve = 0): string {
  const direct = join(resolve(runtimeDir), name);
  if (Buffer.byteLength(direct) + reserve <= longestSocketPath) return direct;
  const hash = createHash("sha256").update(resolve(runtimeDir)).digest("hex").slice(0, 16);
  return join("/tmp", `switchyard-${process.getuid?.() ?? "user"}`, `${hash}-${name}`);
}

/** Makes a directory that only this user can enter; throws when somebody else's directory is in its place. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  const uid = process.getuid?.();
  if (!found.isDirectory() || (uid !== undefined && found.uid !== uid))
    throw new Error(`${directory} is not a directory of this user's own`);
}

/** Makes the directory a daemon listens in. */
export const prepareSocket = (socket: string): void => makePrivateDirectory(dirname(socket));
