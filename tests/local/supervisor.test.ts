import { mkdirSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { LocalRuntime } from "../../local/client";
import { logFile, supervisorRecord } from "../../local/paths";
import { identify } from "../../local/process-table";
import { freePort } from "../ports";
import { until } from "../until";
import { answerOf, isGone, type Place, place, service, textOf } from "./support";

let here: Place;
beforeEach(() => {
  here = place();
});
afterEach(() => here.clean());

test("callers that start a supervisor at the same time end with one", async () => {
  const states = await Promise.all([1, 2, 3].map(() => here.runtime.ensureSupervisor()));
  expect(new Set(states.map(({ pid }) => pid)).size).toBe(1);
});

test("slots survive a supervisor that is killed, and the next one adopts them", async () => {
  const port = await freePort();
  const before = await here.runtime.putProcess("team.slot-1", service("serve", port));
  await until(() => answerOf(port));
  const { pid } = await here.runtime.ensureSupervisor();
  process.kill(pid, "SIGKILL");
  await until(() => isGone(pid));
  expect(await answerOf(port)).toBe("v1");

  const { pid: next, processes } = await here.runtime.ensureSupervisor();
  expect(next).not.toBe(pid);
  expect(processes.map(({ pid: adopted, state }) => [adopted, state])).toEqual([[before.pid, "running"]]);
  // The same spec is nothing new to it.
  expect((await here.runtime.putProcess("team.slot-1", service("serve", port))).pid).toBe(before.pid);

  process.kill(before.pid ?? 0, "SIGKILL");
  const again = await until(async () => {
    const status = await here.runtime.process("team.slot-1");
    return status?.state === "running" && status.pid !== before.pid ? status : undefined;
  });
  expect(again.restarts).toBe(1);
});

test("a process started just before the supervisor died is found by its mark, and one that nobody knows is ended", async () => {
  const [known, unknown] = [await freePort(), await freePort()];
  const { pid: kept } = await here.runtime.putProcess("team.slot-1", service("serve", known));
  const { pid: lost } = await here.runtime.putProcess("team.slot-2", service("serve", unknown));
  const { pid } = await here.runtime.ensureSupervisor();
  process.kill(pid, "SIGKILL");
  await until(() => isGone(pid));
  const file = supervisorRecord(here.runtime.runtimeDir);
  const record = JSON.parse(textOf(file));
  record.processes["team.slot-1"].process = null;
  delete record.processes["team.slot-2"];
  writeFileSync(file, JSON.stringify(record));

  const { processes } = await here.runtime.ensureSupervisor();
  expect(processes.map((status) => [status.name, status.pid])).toEqual([["team.slot-1", kept]]);
  await until(() => isGone(lost ?? 0));
});

test("a pid that now belongs to somebody else is left alone", async () => {
  const port = await freePort();
  const { pid: ours } = await here.runtime.putProcess("team.slot-1", service("serve", port));
  await here.runtime.shutdown({ keepProcesses: true });
  process.kill(ours ?? 0, "SIGKILL");
  await until(() => isGone(ours ?? 0));
  const file = supervisorRecord(here.runtime.runtimeDir);
  const record = JSON.parse(textOf(file));
  record.processes["team.slot-1"].process.pid = process.pid;
  writeFileSync(file, JSON.stringify(record));

  await here.runtime.ensureSupervisor();
  await here.runtime.removeProcess("team.slot-1", 100);
  expect(identify(process.pid)).toBeDefined();
});

test("a service that crashes is started again ever later, and its last words are in the status", async () => {
  await here.runtime.putProcess("team.slot-1", service("crash", await freePort()));
  const status = await until(async () => {
    const found = await here.runtime.process("team.slot-1");
    return found && found.restarts >= 3 && found.state === "backing-off" ? found : undefined;
  });
  expect(status.lastExit).toMatchObject({ code: 3, signal: null });
  expect(status.lastWords).toEqual(["the last words"]);
  expect(status.reason).toBe("exited with code 3");
  // Third failure in a row: 250 ms doubled twice, less the jitter.
  expect(Date.parse(status.nextStartAt ?? "") - Date.parse(status.lastExit?.at ?? "")).toBeGreaterThan(790);
});

test("a process that ignores SIGTERM is killed after its grace time, children included", async () => {
  const port = await freePort();
  const { pid, logFile: log } = await here.runtime.putProcess(
    "team.slot-1",
    service("stubborn", port, { graceMs: 200 }),
  );
  await until(() => answerOf(port).then((answer) => answer !== undefined));
  const child = Number(/child (\d+)/.exec(textOf(log))?.[1]);
  expect(isGone(child)).toBe(false);
  await here.runtime.removeProcess("team.slot-1", 200);
  expect([isGone(pid ?? 0), isGone(child)]).toEqual([true, true]);
});

test("a port that is taken is refused before the start, with its holder", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as { port: number };
  const attempt = here.runtime.putProcess("team.slot-1", service("serve", port));
  await expect(attempt).rejects.toMatchObject({
    code: "port-taken",
    message: expect.stringMatching(new RegExp(`port ${port} is held by pid ${process.pid} `)),
  });
  expect(await here.runtime.process("team.slot-1")).toBeUndefined();
  holder.close();
});

test.each([
  ["no such command", { command: ["no-such-command-here"] }, /cannot start no-such-command-here/],
  ["no such folder", { cwd: "/no/such/folder" }, /no folder \/no\/such\/folder/],
])("%s: refused with the reason, and nothing is kept", async (_, more, reason) => {
  const attempt = here.runtime.putProcess("team.slot-1", service("serve", await freePort(), more));
  await expect(attempt).rejects.toMatchObject({ code: "stage-failed", message: expect.stringMatching(reason) });
  expect(await here.runtime.process("team.slot-1")).toBeUndefined();
});

test("a slot over its memory limit is restarted, and the status says why", async () => {
  const port = await freePort();
  const spec = service("eat", port, { limits: { memoryMb: 96 } });
  const first = await here.runtime.putProcess("team.slot-1", spec);
  expect(["cgroup-v2", "cgroup-v1", "watched"]).toContain(first.limitsBy.memory);
  const status = await until(async () => {
    const found = await here.runtime.process("team.slot-1");
    return found && found.restarts > 0 ? found : undefined;
  });
  expect(status.reason).toMatch(/over its memory limit of 96 MB/);
});

test("an update of deadlines alone restarts nothing; another version does", async () => {
  const port = await freePort();
  const first = await here.runtime.putProcess("team.slot-1", service("serve", port));
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const same = await here.runtime.putProcess("team.slot-1", service("serve", port, { graceMs: 100, stopAfter: later }));
  expect([same.pid, same.spec.stopAfter]).toEqual([first.pid, later]);
  await here.runtime.putProcess("team.slot-1", service("serve", port, { env: { PORT: String(port), VERSION: "v2" } }));
  expect(await until(() => answerOf(port))).toBe("v2");
  expect(isGone(first.pid ?? 0)).toBe(true);
});

test("a process gets its own environment and little of ours, and no status or log tells it", async () => {
  process.env.SWITCHYARD_TEST_LEAK = "leak";
  const port = await freePort();
  const env = { PORT: String(port), API_KEY: "a-secret-value" };
  const { logFile: log } = await here.runtime.putProcess("team.slot-1", service("environment", port, { env }));
  delete process.env.SWITCHYARD_TEST_LEAK;
  const seen = JSON.parse(await until(() => /environment (\{.*\})/.exec(textOf(log))?.[1]));
  expect(seen).toMatchObject(env);
  expect(
    Object.keys(seen).filter((name) => !["PORT", "API_KEY", "PATH", "HOME", "LANG", "TMPDIR"].includes(name)),
  ).toEqual(["SWITCHYARD_SUPERVISED"]);
  expect(JSON.stringify(await here.runtime.supervisor())).not.toContain("a-secret-value");
  expect(textOf(logFile(here.runtime.runtimeDir, "supervisor"))).not.toContain("a-secret-value");
  expect(statSync(supervisorRecord(here.runtime.runtimeDir)).mode & 0o777).toBe(0o600);
});

test("a supervisor that is told to keep its processes leaves them, one that is not ends them all", async () => {
  const port = await freePort();
  const { pid } = await here.runtime.putProcess("team.slot-1", service("serve", port));
  await until(() => answerOf(port));
  await here.runtime.shutdown({ keepProcesses: true });
  expect(await here.runtime.supervisor()).toBeUndefined();
  expect(await answerOf(port)).toBe("v1");
  await here.runtime.ensureSupervisor();
  await here.runtime.shutdown({ keepProcesses: false });
  expect(isGone(pid ?? 0)).toBe(true);
});

test("a process is ended by its record when the supervisor is dead, and none is started for it", async () => {
  const port = await freePort();
  const { pid } = await here.runtime.putProcess("team.slot-1", service("serve", port));
  const { pid: supervisor } = await here.runtime.ensureSupervisor();
  process.kill(supervisor, "SIGKILL");
  await until(() => isGone(supervisor));
  await here.runtime.removeProcess("team.slot-1", 1000);
  expect(isGone(pid ?? 0)).toBe(true);
  expect(await here.runtime.supervisor()).toBeUndefined();
});

test("the last process takes the supervisor with it", async () => {
  const { pid } = await here.runtime.ensureSupervisor();
  await here.runtime.putProcess("team.slot-1", service("serve", await freePort()));
  await here.runtime.removeProcess("team.slot-1", 1000);
  await until(() => isGone(pid));
});

test("an idle supervisor that two callers end at once is ended, and both are told so", async () => {
  for (let round = 0; round < 5; round++) {
    const { pid } = await here.runtime.ensureSupervisor();
    await Promise.all([1, 2, 3].map(() => here.runtime.shutdown({ keepProcesses: false })));
    expect(isGone(pid)).toBe(true);
  }
});

test("a damaged record stops the supervisor with a clear sentence and is not overwritten", async () => {
  const file = supervisorRecord(here.runtime.runtimeDir);
  mkdirSync(here.runtime.runtimeDir, { recursive: true });
  writeFileSync(file, "{half a rec");
  await expect(here.runtime.ensureSupervisor()).rejects.toMatchObject({
    code: "environment-down",
    message: expect.stringContaining("supervisor.json is not a supervisor's record"),
  });
  expect(textOf(file)).toBe("{half a rec");
  writeFileSync(file, JSON.stringify({ version: 1, processes: {} }));
});

test("a runtime directory with a long path works: its sockets go elsewhere", async () => {
  const deep = new LocalRuntime(join(here.directory, "a-rather-long-folder-name".repeat(4), "run"));
  const { pid } = await deep.ensureSupervisor();
  expect((await deep.supervisor())?.pid).toBe(pid);
  await deep.shutdown({ keepProcesses: false });
});

test("while its record cannot be written nothing new is started, and what runs is kept running", async () => {
  const port = await freePort();
  const { pid } = await here.runtime.putProcess("team.slot-1", service("serve", port));
  const next = `${supervisorRecord(here.runtime.runtimeDir)}.next`;
  mkdirSync(next);
  const attempt = here.runtime.putProcess("team.slot-2", service("serve", await freePort()));
  await expect(attempt).rejects.toMatchObject({ code: "disk-full" });
  process.kill(pid ?? 0, "SIGKILL");
  await until(async () => (await here.runtime.process("team.slot-1"))?.restarts === 1 && answerOf(port));
  rmdirSync(next);
});

test("a supervisor whose runtime directory was removed ends, with everything it runs", async () => {
  const { pid } = await here.runtime.putProcess("team.slot-1", service("serve", await freePort()));
  const { pid: supervisor } = await here.runtime.ensureSupervisor();
  rmSync(here.runtime.runtimeDir, { recursive: true });
  await until(() => isGone(pid ?? 0) && isGone(supervisor));
});
