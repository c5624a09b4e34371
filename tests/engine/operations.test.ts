import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import {
  ConcurrentUpdateError,
  type EngineEvent,
  LocalWorkspace,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";
import { breakLock, embeddedEngine, isLockLost, readLocks } from "../../engine";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

let sandbox: Sandbox;
let cloud: Cloud;
let engine: ReturnType<typeof embeddedEngine>;
let program: PulumiFn;
beforeEach(() => {
  sandbox = new Sandbox();
  cloud = new Cloud();
  engine = embeddedEngine({ providers: { probe: () => cloud } });
  program = async () => ({ id: new Thing("a", { size: 1 }).id });
});
afterEach(() => sandbox.remove());

const open = (stackName = "dev", workDir = "work"): Promise<Stack> =>
  LocalWorkspace.createOrSelectStack(
    { projectName: "proj", stackName, program: () => program() },
    sandbox.options(engine, workDir),
  );
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown) => thrown,
  );
const checkpoint = (stack = "dev"): { resources?: { urn: string }[]; pending_operations?: unknown[] } =>
  JSON.parse(sandbox.read("stacks", "proj", `${stack}.json`)).checkpoint.latest;
const history = (): string[] =>
  readdirSync(sandbox.path("history", "proj", "dev")).filter((name) => name.endsWith(".history.json"));

test("a stack is previewed, brought up, left alone, refreshed and destroyed", async () => {
  const stack = await open();
  expect((await stack.preview()).changeSummary).toEqual({ create: 2 });
  expect(checkpoint().resources).toBeUndefined();
  const first = await stack.up({ message: "first" });
  expect(first.summary).toMatchObject({ kind: "update", result: "succeeded", message: "first" });
  expect(first.summary.resourceChanges).toEqual({ create: 2 });
  expect(first.outputs).toEqual({ id: { value: "a-1", secret: false } });
  expect((await stack.up({ expectNoChanges: true })).summary.resourceChanges).toEqual({ same: 2 });
  cloud.things.clear();
  expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 1, delete: 1 });
  await stack.up();
  expect((await stack.destroy()).summary.resourceChanges).toEqual({ delete: 2 });
  expect([...cloud.things]).toEqual([]);
  expect((await stack.history()).map(({ kind }) => kind)).toEqual(["destroy", "update", "refresh", "update", "update"]);
});

test("an update with nothing to do writes state once and its history once", async () => {
  const stack = await open();
  await stack.up();
  const before = sandbox.read("stacks", "proj", "dev.json");
  await stack.up();
  expect(sandbox.read("stacks", "proj", "dev.json.bak")).toBe(before);
  expect(history()).toHaveLength(2);
});

test("changes where none were expected are an error of their own", async () => {
  const stack = await open();
  const { message } = await failure(stack.up({ expectNoChanges: true }));
  expect(message).toContain("Command failed with exit code 7");
  expect(message).toContain("error: no changes were expected for update but changes were proposed");
});

test("secrets reach the program and its resources and nobody who only listens", async () => {
  const planted = "open-sesame-planted";
  const stack = await open();
  await stack.setConfig("word", { value: planted, secret: true });
  program = async () => {
    const word = new pulumi.Config().requireSecret("word");
    pulumi.log.warn(`the word is ${planted}`);
    return { word, inner: new Thing("a", { nested: { word } }).urn };
  };
  const heard: string[] = [];
  const listen = {
    onOutput: (text: string) => heard.push(text),
    onEvent: (event: EngineEvent) => heard.push(JSON.stringify(event)),
  };
  await stack.preview(listen);
  const { outputs, stdout, stderr } = await stack.up(listen);
  expect(outputs.word).toEqual({ value: planted, secret: true });
  await stack.up({ ...listen, diff: true });
  await stack.destroy(listen);
  expect(heard.join("\n")).toContain("the word is [secret]");
  expect([...heard, stdout, stderr].join("\n")).not.toContain(planted);
  const files = readdirSync(sandbox.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) expect(readFileSync(join(parentPath, name), "utf8")).not.toContain(planted);
});

test("events are numbered from prelude to cancel and arrive before the operation is over", async () => {
  const stack = await open();
  const events: EngineEvent[] = [];
  await stack.up({ onEvent: (event) => events.push(event) });
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index));
  expect(events[0]?.preludeEvent).toEqual({ config: {} });
  expect(events.at(-2)?.summaryEvent).toMatchObject({ result: "succeeded", resourceChanges: { create: 2 } });
  expect(events.at(-1)?.cancelEvent).toEqual({});
});

test("an operation whose lock was taken calls no provider and writes nothing any more", async () => {
  const stack = await open();
  await stack.up();
  const historyBefore = history();
  let stateAtLoss = "";
  program = async () => {
    const a = new Thing("a", { size: 2 });
    new Thing("b", { after: a.serial });
  };
  cloud.before = (call) => {
    if (call !== "update") return;
    stateAtLoss = sandbox.read("stacks", "proj", "dev.json");
    const [lock] = readLocks(sandbox.url, "proj", "dev");
    expect(lock).toMatchObject({ pid: process.pid, ownerGone: false });
    if (lock) breakLock(lock);
    // The new owner's lock, which must survive.
    writeFileSync(sandbox.path("locks", "organization", "proj", "dev", "new-owner.json"), "{}");
  };
  const thrown = await failure(stack.up());
  expect(isLockLost(thrown)).toBe(true);
  expect(thrown.message).toContain("the lock on stack 'dev' was taken away");
  expect([...cloud.things.keys()]).toEqual(["a-1"]);
  expect(sandbox.read("stacks", "proj", "dev.json")).toBe(stateAtLoss);
  expect(history()).toEqual(historyBefore);
  expect(readLocks(sandbox.url, "proj", "dev").map(({ id }) => id)).toEqual(["new-owner"]);
});

test.each([
  ["before it has the lock", 0],
  ["before it calls a provider", 1],
])(
  "an operation whose caller lost its right to the stack %s changes nothing, though the lock is free",
  async (_, good) => {
    let asked = 0;
    await (await open()).up();
    const before = sandbox.read("stacks", "proj", "dev.json");
    engine = embeddedEngine({ providers: { probe: () => cloud }, mayWrite: () => asked++ < good });
    program = async () => ({ id: new Thing("a", { size: 2 }).id });
    expect(isLockLost(await failure((await open()).up()))).toBe(true);
    expect(asked).toBeGreaterThan(good);
    expect(sandbox.read("stacks", "proj", "dev.json")).toBe(before);
    expect(readLocks(sandbox.url, "proj", "dev")).toEqual([]);
    expect(cloud.things.size).toBe(1);
  },
);

test("of two operations on one stack in one process one runs and the other is told who holds it", async () => {
  const stack = await open();
  const second = await open();
  let refused: Error | undefined;
  cloud.before = async (call) => {
    if (call === "create") refused = await failure(second.refresh());
  };
  await stack.up();
  expect(refused).toBeInstanceOf(ConcurrentUpdateError);
  await second.refresh();
});

test("what a killed process was creating is warned of and remembered until it is cleared", async () => {
  const stack = await open();
  await stack.up();
  const path = sandbox.path("stacks", "proj", "dev.json");
  const state = JSON.parse(readFileSync(path, "utf8"));
  const urn = "urn:pulumi:dev::proj::probe:index:Thing::lost";
  const lost = { resource: { urn, custom: true, type: "probe:index:Thing" }, type: "creating" };
  state.checkpoint.latest.pending_operations = [lost];
  writeFileSync(path, JSON.stringify(state));
  await stack.up();
  expect(checkpoint().pending_operations).toEqual([lost]);
  await stack.refresh({ clearPendingCreates: true });
  expect(checkpoint().pending_operations).toBeUndefined();
});

test("state with a hole in it is refused before anything is touched", async () => {
  const stack = await open();
  await stack.up();
  const path = sandbox.path("stacks", "proj", "dev.json");
  const state = JSON.parse(readFileSync(path, "utf8"));
  state.checkpoint.latest.resources.shift();
  writeFileSync(path, JSON.stringify(state));
  const before = readFileSync(path, "utf8");
  const { message } = await failure(stack.up());
  expect(message).toMatch(/state file contains errors: .* refers to missing parent/);
  expect(readFileSync(path, "utf8")).toBe(before);
});

test("config refresh brings the last deployed config back into an empty folder", async () => {
  const stack = await open();
  await stack.setConfig("plain", { value: "1" });
  await stack.setConfig("data.word", { value: "open sesame", secret: true }, true);
  const config = await stack.getAllConfig();
  await stack.up();
  const empty = await open("dev", "empty");
  expect(await empty.refreshConfig()).toEqual(config);
  await empty.setConfig("plain", { value: "changed" });
  const run = ["config", "refresh", "--stack", "dev"];
  await engine.run(run, empty.workspace.workDir, empty.workspace.envVars);
  expect(await empty.getAllConfig()).toEqual(config);
  expect(readFileSync(join(sandbox.root, "empty", "Pulumi.dev.yaml.bak"), "utf8")).toContain("changed");
});

test("a stack reads another one's outputs, secrets staying secret", async () => {
  program = async () => ({ host: "h", word: pulumi.secret("open sesame") });
  await (await open("base")).up();
  program = async () => {
    const base = new pulumi.StackReference("base", { name: "organization/proj/base" });
    return { host: base.getOutput("host"), word: base.getOutput("word") };
  };
  const { outputs } = await (await open()).up();
  expect(outputs).toEqual({ host: { value: "h", secret: false }, word: { value: "open sesame", secret: true } });
});

test("a project's own program runs in a process of its own", async () => {
  const folder = join(sandbox.root, "local");
  mkdirSync(folder);
  const sdk = join(process.cwd(), "node_modules");
  writeFileSync(join(folder, "Pulumi.yaml"), "name: proj\nruntime: nodejs\n");
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(
    join(folder, "index.js"),
    `const pulumi = require("@pulumi/pulumi");
     if (pulumi.getStack() !== "dev") throw new Error("wrong stack");
     console.log("it prints", new pulumi.Config().require("planted"));
     exports.word = new pulumi.Config().require("word"); exports.pid = process.pid;`,
  );
  symlinkSync(sdk, join(folder, "node_modules"));
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "dev", workDir: folder },
    sandbox.options(engine, "local"),
  );
  await stack.setConfig("word", { value: "hello" });
  await stack.setConfig("planted", { value: "open sesame", secret: true });
  const { outputs, stdout } = await stack.up();
  expect(stdout).toContain("it prints [secret]\n");
  expect(outputs.word?.value).toBe("hello");
  expect(outputs.pid?.value).not.toBe(process.pid);
  writeFileSync(join(folder, "index.js"), 'throw new Error("broken on purpose")');
  expect((await failure(stack.up())).message).toContain("broken on purpose");
});
