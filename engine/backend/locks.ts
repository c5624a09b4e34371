import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { EngineFailure, LockLostError } from "../failure";
import { codeOf, listNames, readText, removeFile, writing } from "./files";
import { type Backend, openBackend, qualifiedName, type StackId } from "./location";

/** One lock file of a stack, as its owner wrote it. */
export interface Lock {
  /** Its file's name without `.json`. */
  id: string;
  path: string;
  pid?: number;
  username?: string;
  hostname?: string;
  /** RFC 3339 */
  timestamp?: string;
  /** The process was on this machine and is no more. Such a lock blocks all the same, as it does with the CLI. */
  ownerGone: boolean;
}

const folderOf = (backend: Backend, id: StackId): string =>
  join(backend.root, "locks", "organization", id.project, id.stack);

/** The locks on a stack, oldest name first. */
function listLocks(backend: Backend, id: StackId): Lock[] {
  return listNames(folderOf(backend, id)).flatMap((name) => {
    const path = join(folderOf(backend, id), name);
    const text = readText(path);
    return text === undefined ? [] : [parseLock(name.replace(/\.json$/, ""), path, text)];
  });
}

/** For a driver's take-over: who holds the stack. `backendUrl` as in PULUMI_BACKEND_URL. */
export const readLocks = (backendUrl: string, project: string, stack: string): Lock[] =>
  listLocks(openBackend(backendUrl, process.cwd()), { project, stack });

/** Removes this one lock and no other; false: it was gone already. Its owner notices at its next step. */
export function breakLock(lock: Lock): boolean {
  const there = readText(lock.path) !== undefined;
  removeFile(lock.path);
  return there;
}

export function removeAllLocks(backend: Backend, id: StackId): void {
  for (const lock of listLocks(backend, id)) removeFile(lock.path);
}

function parseLock(id: string, path: string, text: string): Lock {
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(text));
  } catch {
    // Unreadable, for example just being written: it counts as a lock all the same.
    fields = {};
  }
  const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  const pid = typeof fields.pid === "number" ? fields.pid : undefined;
  const lock = {
    id,
    path,
    pid,
    username: string(fields.username),
    hostname: string(fields.hostname),
    timestamp: string(fields.timestamp),
  };
  return { ...lock, ownerGone: lock.hostname === hostname() && pid !== undefined && !isAlive(pid) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}

/** One operation's lock. Each operation has its own, so two of the same process keep each other out too. */
export class OperationLock {
  readonly #path: string;
  readonly #text: string;
  readonly #stack: string;
  readonly #mayWrite: () => boolean;
  #lost = false;

  private constructor(path: string, text: string, stack: string, mayWrite: () => boolean) {
    this.#path = path;
    this.#text = text;
    this.#stack = stack;
    this.#mayWrite = mayWrite;
  }

  /**
   * @param mayWrite asked with each fence: a lock that is free again says nothing of who may have it.
   * @throws EngineFailure where somebody else holds the stack; of two that race, both may fail. LockLostError.
   */
  static acquire(backend: Backend, id: StackId, now: string, mayWrite = (): boolean => true): OperationLock {
    refuseIfLocked(backend, id, undefined);
    const path = join(folderOf(backend, id), `${randomUUID()}.json`);
    const text = JSON.stringify({
      pid: process.pid,
      username: userInfo().username,
      hostname: hostname(),
      timestamp: now,
    });
    try {
      writing(path, () => {
        mkdirSync(folderOf(backend, id), { recursive: true });
        // on a full disk the file is there and empty, which would lock the stack for good: the catch below takes it away
        writeFileSync(path, text, { flag: "wx", mode: 0o600 });
      });
      refuseIfLocked(backend, id, path);
      const lock = new OperationLock(path, text, id.stack, mayWrite);
      lock.fence();
      return lock;
    } catch (thrown) {
      removeFile(path);
      throw thrown;
    }
  }

  /** @throws LockLostError when this operation may write no more, and from then on at each call. */
  fence(): void {
    if (this.#lost || readText(this.#path) !== this.#text || !this.#mayWrite()) {
      this.#lost = true;
      throw new LockLostError(this.#stack);
    }
  }

  /** Removes the lock file, if it is still this operation's. */
  release(): void {
    if (readText(this.#path) === this.#text) removeFile(this.#path);
  }
}

function refuseIfLocked(backend: Backend, id: StackId, own: string | undefined): void {
  const others = listLocks(backend, id).filter((lock) => lock.path !== own);
  if (others.length === 0) return;
  const lines = others.map(
    (lock) =>
      `\n  ${backend.url}/.pulumi/locks/${qualifiedName(id)}/${lock.id}.json: created by ${lock.username ?? "?"}@${lock.hostname ?? "?"} ` +
      `(pid ${lock.pid ?? "?"}) at ${lock.timestamp ?? "?"}${lock.ownerGone ? " (that process is gone)" : ""}`,
  );
  throw new EngineFailure(
    `the stack is currently locked by ${others.length} lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.${lines.join("")}`,
  );
}
