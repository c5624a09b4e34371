import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CommandError,
  ConcurrentUpdateError,
  LocalWorkspace,
  type Stack,
  StackAlreadyExistsError,
  StackNotFoundError,
} from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../../engine";
import { Sandbox } from "./support";

const engine = embeddedEngine({ providers: {} });
let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.remove());

const args = { projectName: "proj", stackName: "dev", program: async () => ({}) };
const create = (): Promise<Stack> => LocalWorkspace.createStack(args, sandbox.options(engine));
const settings = (): string => readFileSync(join(sandbox.root, "work", "Pulumi.dev.yaml"), "utf8");
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown) => thrown,
  );

test("stacks are created, selected, listed and removed, and the SDK's error classes tell what went wrong", async () => {
  expect(await failure(LocalWorkspace.selectStack(args, sandbox.options(engine)))).toBeInstanceOf(StackNotFoundError);
  const stack = await create();
  expect(await failure(create())).toBeInstanceOf(StackAlreadyExistsError);
  expect(await stack.workspace.listStacks()).toMatchObject([{ name: "dev", current: true, resourceCount: 0 }]);
  expect(await stack.outputs()).toEqual({});
  expect(await stack.history()).toEqual([]);
  expect(await stack.workspace.whoAmI()).toMatchObject({ url: sandbox.url });
  await stack.workspace.removeStack("dev");
  expect(await stack.workspace.listStacks()).toEqual([]);
});

test("a stack without secrets asks for no passphrase", async () => {
  const options = sandbox.options(engine);
  const { PULUMI_CONFIG_PASSPHRASE: _, ...envVars } = options.envVars ?? {};
  const stack = await LocalWorkspace.createStack(args, { ...options, envVars });
  await stack.setConfig("plain", { value: "1" });
  expect(await stack.getAllConfig()).toEqual({ "proj:plain": { value: "1", secret: false } });
  const thrown = await failure(stack.setConfig("hidden", { value: "hunter2", secret: true }));
  expect(thrown.message).toContain("passphrase must be set with PULUMI_CONFIG_PASSPHRASE");
  expect(thrown.message).not.toContain("hunter2");
});

test("config keeps comments and order, encrypts secrets, and reaches into structures", async () => {
  const stack = await create();
  writeFileSync(join(sandbox.root, "work", "Pulumi.dev.yaml"), "config:\n  # why it is five\n  proj:five: 5\n");
  await stack.setConfig("word", { value: "yes" });
  await stack.setConfig("data.list[0]", { value: "7" }, true);
  await stack.setConfig("data.pw", { value: "open sesame", secret: true }, true);
  await stack.setAllConfig({ equation: { value: "1=2" }, "other:key": { value: "hidden one", secret: true } });
  expect(settings()).toContain("  # why it is five\n  proj:five: 5\n");
  expect(settings()).not.toMatch(/open sesame|hidden one/);
  expect(await stack.getAllConfig()).toEqual({
    "other:key": { value: "hidden one", secret: true },
    "proj:data": {
      value: '{"list":[7],"pw":"open sesame"}',
      objectValue: { list: [7], pw: "open sesame" },
      secret: true,
    },
    "proj:equation": { value: "1=2", secret: false },
    "proj:five": { value: "5", secret: false },
    "proj:word": { value: "yes", secret: false },
  });
  expect(await stack.getConfig("data.pw", true)).toEqual({ value: "open sesame", secret: true });
  await stack.removeAllConfig(["equation", "nothing"]);
  await stack.removeConfig("data.list[0]", true);
  expect(Object.keys(await stack.getAllConfig())).not.toContain("proj:equation");
  const missing = await failure(stack.getConfig("nope"));
  expect(missing.message).toContain("error: configuration key 'nope' not found for stack 'dev'");
});

test("a wrong passphrase is one clear sentence and changes nothing", async () => {
  const stack = await create();
  await stack.setConfig("hidden", { value: "open sesame", secret: true });
  const before = settings();
  sandbox.passphrase = "wrong";
  const other = await LocalWorkspace.selectStack(args, sandbox.options(engine));
  expect((await failure(other.getAllConfig())).message).toContain("error: incorrect passphrase");
  expect((await failure(other.setConfig("more", { value: "x", secret: true }))).message).toContain(
    "incorrect passphrase",
  );
  expect(settings()).toBe(before);
});

test("what the engine does not do is refused by name, never ignored", async () => {
  const stack = await create();
  for (const [attempt, text] of [
    [
      () => stack.up({ policyPacks: ["x"] }),
      "the flag --policy-pack of 'pulumi up' is not supported by the embedded engine",
    ],
    [() => stack.preview({ plan: "x" }), "the flag --save-plan of 'pulumi preview' is not supported"],
    [
      () => stack.workspace.installPlugin("aws", "v1.0.0"),
      "'pulumi plugin install resource aws v1.0.0' is not supported",
    ],
    [() => stack.workspace.listEnvironments("dev"), "'pulumi config env' is not supported"],
    [() => engine.run(["up", "--bogus"], sandbox.root, {}), "error: unknown flag: --bogus"],
    [() => engine.run(["bogus"], sandbox.root, {}), 'error: unknown command "bogus" for "pulumi"'],
  ] as const) {
    const thrown = await failure(attempt());
    expect(thrown).toBeInstanceOf(CommandError);
    expect(thrown.message).toContain(text);
  }
});

test("a damaged checkpoint names the file and its backup and is not overwritten", async () => {
  const stack = await create();
  await stack.importStack(await stack.exportStack());
  const path = sandbox.path("stacks", "proj", "dev.json");
  for (const damage of ['{"version":3,"checkp', "{}", '{"version":3,"checkpoint":{"latest":{"resources":7}}}']) {
    writeFileSync(path, damage);
    for (const attempt of [
      () => stack.outputs(),
      () => stack.importStack({ version: 3, deployment: {} }),
      () => stack.up(),
    ]) {
      const { message } = await failure(attempt());
      expect(message).toContain(`failed to load checkpoint: ${path}`);
      expect(message).toContain(`its previous version is ${path}.bak. Nothing was overwritten`);
    }
    expect(readFileSync(path, "utf8")).toBe(damage);
  }
});

test("state of a newer format, another secrets provider or a foreign stack is refused", async () => {
  const stack = await create();
  const path = sandbox.path("stacks", "proj", "dev.json");
  const good = readFileSync(path, "utf8");
  writeFileSync(path, good.replace('"version":3', '"version":4,"features":["hooks"]'));
  expect((await failure(stack.outputs())).message).toContain("state of format 4 (features: hooks) is not supported");
  writeFileSync(path, good.replace('"metadata"', '"secrets_providers":{"type":"cloud"},"metadata"'));
  expect((await failure(stack.outputs())).message).toContain("the secrets provider 'cloud' is not supported");
  writeFileSync(path, good);
  const resource = { urn: "urn:pulumi:prod::proj::a:b:C::x", type: "a:b:C", custom: false };
  const foreign = await failure(stack.importStack({ version: 3, deployment: { resources: [resource] } }));
  expect(foreign.message).toContain("is from a different stack (prod != dev)");
  expect(readFileSync(path, "utf8")).toBe(good);
});

test("an import accepts plain secrets and encrypts them, drops what was pending and keeps unknown fields", async () => {
  const stack = await create();
  const signature = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  const resource = {
    urn: "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev",
    custom: false,
    type: "pulumi:pulumi:Stack",
    outputs: { word: { ...signature, plaintext: '"open sesame"' } },
    fromTheFuture: { a: [1] },
  };
  const deployment = {
    resources: [resource],
    pending_operations: [{ resource: { ...resource, outputs: {} }, type: "creating" }],
  };
  await stack.importStack({ version: 3, deployment });
  expect(sandbox.read("stacks", "proj", "dev.json")).not.toMatch(/open sesame|pending_operations/);
  expect(await stack.outputs()).toEqual({ word: { value: "open sesame", secret: true } });
  expect((await stack.exportStack()).deployment.resources).toEqual([resource]);
});

test("a renamed stack keeps config, history and state under its new name", async () => {
  const stack = await create();
  await stack.setConfig("a", { value: "b" });
  const resource = {
    urn: "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev",
    custom: false,
    type: "pulumi:pulumi:Stack",
  };
  await stack.importStack({ version: 3, deployment: { resources: [resource] } });
  await engine.run(["stack", "rename", "prod", "--stack", "dev"], stack.workspace.workDir, stack.workspace.envVars);
  expect(existsSync(join(sandbox.root, "work", "Pulumi.prod.yaml"))).toBe(true);
  expect(JSON.parse(sandbox.read("stacks", "proj", "prod.json")).checkpoint.latest.resources[0].urn).toBe(
    "urn:pulumi:prod::proj::pulumi:pulumi:Stack::proj-prod",
  );
  expect(await stack.workspace.listStacks()).toMatchObject([{ name: "prod" }]);
});

test("a locked stack gives the SDK's ConcurrentUpdateError until it is cancelled", async () => {
  const stack = await create();
  await stack.setTag("a", "b");
  const folder = sandbox.path("locks", "organization", "proj", "dev");
  writeFileSync(join(folder, "x.json"), "{}");
  expect(await failure(stack.importStack({ version: 3, deployment: {} }))).toBeInstanceOf(ConcurrentUpdateError);
  expect(await failure(stack.workspace.removeStack("dev"))).toBeInstanceOf(ConcurrentUpdateError);
  await stack.cancel();
  expect(readdirSync(folder)).toEqual([]);
  expect(await stack.listTags()).toEqual({ a: "b" });
  await stack.workspace.removeStack("dev");
});
