/** Having a supervisor, whoever asks first. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import type { SupervisorState } from "../api";
import { callJson, NoAnswerError } from "../http-json";
import { daemonEntry, ownNode } from "../package";
import { logFile, makePrivateDirectory, supervisorSocket } from "../paths";
import { tailLog, withLog } from "./logs";

const startsWithinMs = 15_000;
/** The supervisor does little: without compiled code and with a small heap it takes 57 MB instead of 67. */
const nodeFlags = [
  ...["--lite-mode", "--max-old-space-size=64", "--max-semi-space-size=1"],
  "--disable-warning=ExperimentalWarning",
];

/** Many slots that start at once keep it busy: who wants one more started waits for its turn. */
const busyMs = 10_000;

/** Undefined: there is none. Throws `environment-down` when there is one that does not answer. */
export async function askSupervisor(runtimeDir: string, deadlineMs?: number): Promise<SupervisorState | undefined> {
  try {
    return await callJson<SupervisorState>(supervisorSocket(runtimeDir), "GET", "/", undefined, deadlineMs);
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    if (error.code !== "ETIMEDOUT") return undefined;
    throw new SwitchyardError("environment-down", `the supervisor of ${runtimeDir} runs but does not answer`, {
      next: "End that process; the slots go on, and `switchyard up` starts a new supervisor that adopts them.",
      cause: error,
    });
  }
}

/**
 * Starts the supervisor, detached, unless it already answers. Callers may race: all but one of the daemons that they start
 * end at once, and every caller waits for the one that stays.
 */
export async function ensureSupervisor(runtimeDir: string): Promise<SupervisorState> {
  const running = await askSupervisor(runtimeDir, busyMs);
  if (running) return running;
  makePrivateDirectory(runtimeDir);
  const { HOME, LANG, TMPDIR, PATH } = process.env;
  const daemon = withLog(logFile(runtimeDir, "supervisor"), (fd) =>
    spawn(ownNode(), [...nodeFlags, daemonEntry("supervisor"), "--runtime-dir", runtimeDir], {
      cwd: runtimeDir,
      env: { HOME, LANG, TMPDIR, PATH },
      detached: true,
      stdio: ["ignore", fd, fd],
    }),
  );
  if (daemon.pid === undefined) throw (await once(daemon, "error"))[0];
  daemon.unref();
  const deadline = performance.now() + startsWithinMs;
  for (;;) {
    const state = await askSupervisor(runtimeDir);
    if (state) {
      // Ours lost the race; it must not take over when the other one is told to end.
      if (state.pid !== daemon.pid) daemon.kill();
      return state;
    }
    if (daemon.exitCode || daemon.signalCode || performance.now() > deadline) {
      const words = (await tailLog(logFile(runtimeDir, "supervisor"), 3)).join("; ");
      throw new SwitchyardError("environment-down", `the supervisor of ${runtimeDir} did not start: ${words}`);
    }
    await delay(10);
  }
}
