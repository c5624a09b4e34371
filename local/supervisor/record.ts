/**
 * What the supervisor owns, on disk. An entry is written before its process is started (with the token that the process
 * will carry) and again when its pid is known, so that a supervisor killed at any point finds its processes again.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { SwitchyardError } from "../../config/errors";
import type { ProcessSpec, ProcessStatus } from "../api";
import { supervisorRecord } from "../paths";
import type { ProcessIdentity } from "../process-table";

export interface RecordEntry {
  spec: ProcessSpec;
  /** `stopped`: by `stopAfter`; it is not started again until it is asked for. */
  desired: "running" | "stopped";
  /** The last start's process, if it got that far. */
  process: ProcessIdentity | null;
  /** Of the last start; the process and its children carry it in their environment. */
  token: string;
  startedAt: string | null;
  restarts: number;
  lastExit: ProcessStatus["lastExit"];
  reason: string | null;
}

export type SupervisorRecord = Record<string, RecordEntry>;

/** Empty when there is none. Throws `state-damaged` when it cannot be read as a record. */
export function loadRecord(runtimeDir: string): SupervisorRecord {
  const file = supervisorRecord(runtimeDir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    const { version, processes } = JSON.parse(text) as { version: number; processes: SupervisorRecord };
    if (version === 1 && typeof processes === "object" && processes !== null) return processes;
  } catch {
    // Told below, with the file's name.
  }
  throw new SwitchyardError("state-damaged", `${file} is not a supervisor's record; it was left as it is`, {
    next: `Look for running slots with \`ps\`, then move ${file} away and run \`switchyard up\`.`,
  });
}

/** Atomic: a reader sees the old record or the new one. Mode 0600, since it holds secrets. */
export function saveRecord(runtimeDir: string, processes: SupervisorRecord): void {
  const file = supervisorRecord(runtimeDir);
  const next = `${file}.next`;
  const fd = openSync(next, "w", 0o600);
  try {
    writeSync(fd, JSON.stringify({ version: 1, processes }));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(next, file);
}
