/** The load balancer as a process: flags, record, port, admin socket, signals. Both data planes run in it. */
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { exitCodes, messageOf, SwitchyardError } from "../../../config/errors";
import { callJson, NoAnswerError, serveJson } from "../../http-json";
import { loadBalancerRecord, loadBalancerSocket } from "../../paths";
import { answerAdmin } from "./admin";
import { Control } from "./control";
import type { DataPlane } from "./plane";
import { loadRecord } from "./record";

/** How long SIGTERM lets requests in flight end. */
const closeWithinMs = 10_000;

export interface DaemonOptions {
  runtimeDir: string;
  host: string;
  /** 0: any free one; `GET /` says which. */
  port: number;
}

function readOptions(): DaemonOptions {
  const { values } = parseArgs({
    options: {
      "runtime-dir": { type: "string" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
    },
  });
  const port = Number(values.port);
  const runtimeDir = values["runtime-dir"];
  if (runtimeDir === undefined) throw new SwitchyardError("usage", "--runtime-dir is missing");
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new SwitchyardError("usage", `--port: expected 0 to 65535, found ${values.port}`);
  return { runtimeDir, host: values.host, port };
}

async function start(options: DaemonOptions, makePlane: (options: DaemonOptions) => DataPlane): Promise<void> {
  const { runtimeDir, host, port } = options;
  mkdirSync(runtimeDir, { recursive: true, mode: 0o700 });
  const socket = loadBalancerSocket(runtimeDir);
  await refuseSecond(socket, runtimeDir);
  const file = loadBalancerRecord(runtimeDir);
  const plane = makePlane(options);
  const control = new Control(plane, loadRecord(file), file);
  await control.restore();
  control.listener = await plane.listen(host, port).catch((error: unknown) => {
    throw portError(error, host, port);
  });
  const admin = await serveJson(socket, (request) => answerAdmin(control, request));
  process.stdout.write(
    `load balancer ${process.pid} listens on http://${host}:${control.listener.port}, admin on ${socket}\n`,
  );
  let closing = false;
  const stop = () => {
    if (closing) return;
    closing = true;
    plane
      .close(closeWithinMs)
      .then(() => control.close())
      .then(() => {
        admin.close();
        admin.closeAllConnections();
        process.exit(exitCodes.ok);
      })
      .catch(fail);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

/** Two on one record would undo each other's fencing. */
async function refuseSecond(socket: string, runtimeDir: string): Promise<void> {
  try {
    const { pid } = await callJson<{ pid: number }>(socket, "GET", "/");
    throw new SwitchyardError("team-busy", `a load balancer (pid ${pid}) already runs in ${runtimeDir}`, {
      next: "Stop it first, or use another runtime directory.",
    });
  } catch (error) {
    if (!(error instanceof NoAnswerError) || error.code === "ETIMEDOUT") throw error;
  }
}

function portError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new SwitchyardError("port-taken", `port ${port} on ${host} is used by another process`, { cause: error });
  if (code === "EACCES" || code === "EADDRNOTAVAIL")
    return new SwitchyardError(
      "port-taken",
      `the load balancer cannot listen on ${host}:${port}: ${messageOf(error)}`,
      { cause: error },
    );
  return error;
}

function fail(thrown: unknown): void {
  if (thrown instanceof SwitchyardError) {
    process.stderr.write(`${thrown.message}. ${thrown.next}\n`);
    process.exit(thrown.exitCode);
  }
  process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
  process.exit(exitCodes.bug);
}

/** Runs until a signal ends it. Exit codes are those of `config/errors.ts`. */
export function runDaemon(makePlane: (options: DaemonOptions) => DataPlane): void {
  Promise.resolve()
    .then(readOptions)
    .then((options) => start(options, makePlane))
    .catch(fail);
}
