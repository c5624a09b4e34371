import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import {
  type Backend,
  breakLock,
  OperationLock,
  openBackend,
  parseStackName,
  readCheckpointText,
  readLocks,
  removeAllLocks,
  writeCheckpointText,
} from "../../engine/backend";
import { writing } from "../../engine/backend/files";
import { LockLostError } from "../../engine/failure";
import { Sandbox } from "./support";

const id = { project: "proj", stack: "dev" };
const now = "2026-11-24T00:00:00.000Z";
let sandbox: Sandbox;
let backend: Backend;

beforeEach(() => {
  sandbox = new Sandbox();
  backend = openBackend(sandbox.url, "/");
});
afterEach(() => sandbox.remove());

test("only file backends are opened, others are refused by name", () => {
  for (const url of ["s3://bucket", "https://api.pulumi.com", "postgres://user:hunter2@host/db"]) {
    expect(() => openBackend(url, "/")).toThrow(
      `the backend '${url.split("//")[0]}//' (only file:// is) is not supported`,
    );
  }
  expect(openBackend("file://./state?no_tmp_dir=true", "/srv").root).toBe("/srv/state/.pulumi");
  expect(openBackend("file://~", "/srv").root).toBe(join(process.env.HOME ?? "", ".pulumi"));
});

test("no stack or project name leads out of the backend's folder", () => {
  expect(parseStackName("organization/proj/prod.ai-workflow", undefined)).toEqual({
    project: "proj",
    stack: "prod.ai-workflow",
  });
  expect(parseStackName("dev", "proj")).toEqual(id);
  for (const name of ["..", ".", "", "organization/../dev", "organization/proj/..", "a b", "a\\b", "x".repeat(101)]) {
    expect(() => parseStackName(name, "proj")).toThrow();
  }
  expect(() => parseStackName("acme/dev", "proj")).toThrow("organization name must be 'organization'");
});

test("each write leaves the new checkpoint, the previous one as .bak, no stale checksum and nothing else", () => {
  writeCheckpointText(backend, id, "one");
  for (const name of ["dev.json.attrs", "dev.json.bak.attrs"])
    writeFileSync(sandbox.path("stacks", "proj", name), "{}");
  writeCheckpointText(backend, id, "two");
  writeCheckpointText(backend, id, "three");
  expect(sandbox.read("stacks", "proj", "dev.json")).toBe("three");
  expect(sandbox.read("stacks", "proj", "dev.json.bak")).toBe("two");
  expect(sandbox.read("meta.yaml")).toBe("version: 1\n");
  expect(readdirSync(sandbox.path("stacks", "proj"))).toEqual(["dev.json", "dev.json.bak"]);
});

test("a write that is fenced off at the last moment changes nothing", () => {
  writeCheckpointText(backend, id, "one");
  const fence = (): void => {
    throw new LockLostError("dev");
  };
  expect(() => writeCheckpointText(backend, id, "two", fence)).toThrow(LockLostError);
  expect(readCheckpointText(backend, id)).toBe("one");
  expect(readdirSync(sandbox.path("stacks", "proj"))).toEqual(["dev.json"]);
});

test("a full disk and a folder one may not write to are told in one sentence that names the file", () => {
  expect(() => writing("/dev/full", () => writeFileSync("/dev/full", "x"))).toThrow(
    "could not write /dev/full: the disk is full; the last good state was kept",
  );
  expect(() => writeCheckpointText(openBackend("file:///sys", "/"), id, "{}")).toThrow(
    /could not write \/sys\/.pulumi\/.*: this user may not write there|the file system is read-only/,
  );
});

test("compressed checkpoints and the layout without projects are refused by name", () => {
  mkdirSync(sandbox.path("stacks", "proj"), { recursive: true });
  writeFileSync(sandbox.path("stacks", "proj", "dev.json.gz"), "");
  expect(() => readCheckpointText(backend, id)).toThrow(/compressed checkpoint .*dev\.json\.gz is not supported/);
  writeFileSync(sandbox.path("stacks", "old.json"), "{}");
  expect(() => readCheckpointText(backend, id)).toThrow("old layout without projects");
});

test("a stack has one operation at a time, in one process too", () => {
  const first = OperationLock.acquire(backend, id, now);
  expect(() => OperationLock.acquire(backend, id, now)).toThrow(/the stack is currently locked by 1 lock\(s\)/);
  expect(OperationLock.acquire(backend, { ...id, stack: "other" }, now)).toBeInstanceOf(OperationLock);
  first.release();
  OperationLock.acquire(backend, id, now).release();
  expect(readLocks(sandbox.url, "proj", "dev")).toEqual([]);
});

test("a lock says who holds it, and an owner that is gone still blocks", () => {
  const { pid } = spawnSync("true");
  const folder = sandbox.path("locks", "organization", "proj", "dev");
  mkdirSync(folder, { recursive: true });
  const lock = { pid, username: "ann", hostname: hostname(), timestamp: now };
  writeFileSync(join(folder, "a.json"), JSON.stringify(lock));
  expect(readLocks(sandbox.url, "proj", "dev")).toEqual([
    { id: "a", path: join(folder, "a.json"), ...lock, ownerGone: true },
  ]);
  expect(() => OperationLock.acquire(backend, id, now)).toThrow(
    `\n  ${sandbox.url}/.pulumi/locks/organization/proj/dev/a.json: created by ann@${hostname()} (pid ${pid}) at ${now} (that process is gone)`,
  );
  expect(readdirSync(folder)).toEqual(["a.json"]);
});

test("a take-over removes the lock it names and no other", () => {
  const folder = sandbox.path("locks", "organization", "proj", "dev");
  mkdirSync(folder, { recursive: true });
  for (const name of ["a", "b"]) writeFileSync(join(folder, `${name}.json`), "{}");
  const [a] = readLocks(sandbox.url, "proj", "dev");
  if (a === undefined) throw new Error("no lock was read");
  expect([breakLock(a), breakLock(a)]).toEqual([true, false]);
  expect(readdirSync(folder)).toEqual(["b.json"]);
});

test("an owner whose lock was taken notices at each step from then on, and leaves the new owner's lock alone", () => {
  const first = OperationLock.acquire(backend, id, now);
  first.fence();
  removeAllLocks(backend, id);
  const second = OperationLock.acquire(backend, id, now);
  expect(() => first.fence()).toThrow(LockLostError);
  expect(() => first.fence()).toThrow(LockLostError);
  first.release();
  second.fence();
  const [lock] = readLocks(sandbox.url, "proj", "dev");
  expect(existsSync(lock?.path ?? "")).toBe(true);
});
