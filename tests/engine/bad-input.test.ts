import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type EngineEvent, LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { embeddedEngine, readLocks } from "../../engine";
import { integrityViolation } from "../../engine/state/integrity";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

let sandbox: Sandbox;
let cloud: Cloud;
let program: PulumiFn;
const simple: PulumiFn = async () => ({ id: new Thing("a", { size: 1 }).id });
beforeEach(() => {
  sandbox = new Sandbox();
  cloud = new Cloud();
  program = simple;
});
afterEach(() => sandbox.remove());

const args = { projectName: "proj", stackName: "dev", program: () => program() };
const options = (): ReturnType<Sandbox["options"]> =>
  sandbox.options(embeddedEngine({ providers: { probe: () => cloud }, patienceMs: 100 }));
const open = (): Promise<Stack> => LocalWorkspace.createOrSelectStack(args, options());
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => Promise.reject(new Error("it should have failed")),
    (thrown: Error) => thrown.message,
  );
const checkpoint = (): string => sandbox.path("stacks", "proj", "dev.json");
const state = (): string => readFileSync(checkpoint(), "utf8");
const settings = (): string => join(sandbox.root, "work", "Pulumi.dev.yaml");
const salted = (): void => writeFileSync(settings(), `encryptionsalt: ${salt}\n`);
/** For the passphrase "p". */
const salt = "v1:9TgNxOO74iE=:v1:oRZWrWO6BsIP0Yh4:cgTadaNXfVWCCNzxgg1uGCUUxmigrw==";

/** Everything that works on a stack's resources. */
const operations = {
  up: (stack: Stack) => stack.up(),
  preview: (stack: Stack) => stack.preview(),
  refresh: (stack: Stack) => stack.refresh(),
  destroy: (stack: Stack) => stack.destroy(),
};

describe("each operation refuses, touches nothing and leaves no lock", () => {
  let called: string[];
  let stack: Stack;
  beforeEach(async () => {
    stack = await open();
    await stack.up();
    called = [];
    cloud.before = (call) => void called.push(call);
    program = async () => ({ id: new Thing("a", { size: 2 }).id });
  });

  async function expectRefused(message: string, ...others: ((stack: Stack) => Promise<unknown>)[]): Promise<void> {
    const before = state();
    for (const operation of [...Object.values(operations), ...others]) {
      expect(await failure(operation(stack))).toContain(message);
      expect(state()).toBe(before);
    }
    expect(called).toEqual([]);
    expect(readLocks(sandbox.url, "proj", "dev")).toEqual([]);
  }
  const readers = [(each: Stack) => each.outputs(), (each: Stack) => each.exportStack()];
  const importing = (each: Stack): Promise<unknown> => each.importStack({ version: 3, deployment: {} });

  test.each([
    ['"version":4,"features":["hooks","taint"]', "state of format 4 (features: hooks, taint) is not supported"],
    ['"version":2', "state of format 2 is not supported"],
    ['"version":"3"', "state of format 3 is not supported"],
    ['"format":3', "state of format undefined is not supported"],
  ])("state that says %s", async (version, message) => {
    writeFileSync(checkpoint(), state().replace('"version":3', version));
    await expectRefused(message, ...readers, importing);
  });

  test.each([
    ["version: 2\n", "2"],
    ["something else\n", "unknown"],
    ["version: [1]\n", "[1]"],
  ])("a backend whose meta.yaml is %j", async (text, version) => {
    writeFileSync(sandbox.path("meta.yaml"), text);
    const message = `state store unsupported: 'meta.yaml' version (${version}) is not supported`;
    const creating = (): Promise<unknown> => LocalWorkspace.createStack({ ...args, stackName: "other" }, options());
    await expectRefused(message, ...readers, importing, creating);
  });

  test("a wrong passphrase, also while the stack holds no secret", async () => {
    salted();
    sandbox.passphrase = "not p";
    stack = await open();
    await expectRefused("error: incorrect passphrase");
    sandbox.passphrase = "p";
    expect((await (await open()).up()).summary.resourceChanges).toEqual({ same: 1, update: 1 });
  });

  test("no passphrase, though the first secret may come in the middle of an operation", async () => {
    const { PULUMI_CONFIG_PASSPHRASE: _, ...envVars } = options().envVars ?? {};
    stack = await LocalWorkspace.selectStack(args, { ...options(), envVars });
    await expectRefused("passphrase must be set with PULUMI_CONFIG_PASSPHRASE");
  });

  test("an encryption salt that is none", async () => {
    writeFileSync(settings(), "encryptionsalt: v1:nonsense\n");
    stack = await open();
    await expectRefused("malformed encryption salt");
  });
});

test("a lock that nobody can read blocks, and stays", async () => {
  const stack = await open();
  await stack.up();
  const folder = sandbox.path("locks", "organization", "proj", "dev");
  writeFileSync(join(folder, "torn.json"), '{"pid":');
  for (const operation of [operations.up, operations.refresh, operations.destroy]) {
    expect(await failure(operation(stack))).toContain("the stack is currently locked by 1 lock(s)");
  }
  expect(readdirSync(folder)).toEqual(["torn.json"]);
});

describe("a provider that", () => {
  const never = (): Promise<never> => new Promise(() => undefined);
  const output = pulumi.output("x");
  const things = (): { urn: string; id: string }[] =>
    (JSON.parse(state()).checkpoint.latest.resources ?? []).filter(({ type }: { type: string }) =>
      type.startsWith("probe"),
    );
  const pending = (): string[] =>
    (JSON.parse(state()).checkpoint.latest.pending_operations ?? []).map(({ type }: { type: string }) => type);

  const sized =
    (size: number): PulumiFn =>
    async () => ({ id: new Thing("a", { size }).id });
  const misbehave = (call: keyof Cloud, answer: () => unknown): void => void Object.assign(cloud, { [call]: answer });
  const behave = (call: keyof Cloud): void => void Reflect.deleteProperty(cloud, call);

  function expectTruth(): void {
    expect(integrityViolation(JSON.parse(state()).checkpoint.latest.resources ?? [])).toBeUndefined();
    expect(things().map(({ id }) => id)).toEqual([...cloud.things.keys()]);
    expect(pending()).toEqual([]);
    expect(readLocks(sandbox.url, "proj", "dev")).toEqual([]);
  }

  /** The next run puts all right. */
  async function expectRecovery(stack: Stack): Promise<void> {
    program = sized(3);
    await stack.up();
    expectTruth();
    expect((await stack.up({ expectNoChanges: true })).summary.resourceChanges).toEqual({ same: 2 });
  }

  const wrong: [call: keyof Cloud, answer: unknown, message: string][] = [
    ["check", undefined, "the provider answered 'check' with undefined in place of an object"],
    ["check", { failures: "bad" }, "the provider gave 'failures' that is not a list"],
    ["check", { inputs: { size: () => 1 } }, "a provider gave a value that is not JSON at 'size'"],
    ["check", { inputs: output }, "a provider gave an Output, which only programs have, at ''"],
    ["create", null, "the provider answered 'create' with null in place of an object"],
    ["create", ["a-1", {}], "the provider answered 'create' with a list in place of an object"],
    ["create", {}, "returned no id from create"],
    ["create", { id: 7, outs: {} }, "the provider gave an id that is not text"],
    ["create", { id: output, outs: {} }, "the provider gave an id that is not text"],
    ["create", output, "the provider gave an id that is not text"],
  ];
  test("answers a check or a creation with nonsense is told which, and nothing is lost", async () => {
    const stack = await open();
    for (const [call, answer, message] of wrong) {
      misbehave(call, async () => answer);
      expect(await failure(stack.up())).toContain(message);
      expectTruth();
      behave(call);
    }
    await expectRecovery(stack);
  });

  const wrongLater: [call: keyof Cloud, answer: unknown, message: string, operation: keyof typeof operations][] = [
    ["diff", "yes", "the provider answered 'diff' with string in place of an object", "up"],
    ["diff", { changes: true, replaces: "size" }, "the provider gave 'replaces' that is not a list", "up"],
    ["update", undefined, "the provider answered 'update' with undefined in place of an object", "up"],
    ["update", { outs: { when: new Date(0) } }, "a provider gave a value that is not JSON at 'when'", "up"],
    ["update", { outs: { deep: [{ size: output }] } }, "an Output, which only programs have, at 'deep[0].size'", "up"],
    ["update", { outs: [1] }, "a provider must give its properties as an object", "up"],
    ["read", undefined, "the provider answered 'read' with undefined in place of an object", "refresh"],
    ["read", { id: {}, props: {} }, "the provider gave an id that is not text", "refresh"],
    ["read", { id: "a-1", props: output }, "a provider gave an Output", "refresh"],
  ];
  test("answers a diff, an update or a reading with nonsense is told which, and nothing is lost", async () => {
    const stack = await open();
    await stack.up();
    program = sized(2);
    for (const [call, answer, message, operation] of wrongLater) {
      misbehave(call, async () => answer);
      expect(await failure(operations[operation](stack))).toContain(message);
      expectTruth();
      behave(call);
    }
    await expectRecovery(stack);
  });

  test.each([
    ["a date", { when: new Date(0) }, "a value that is not JSON at 'when'"],
    ["an Output", { size: output }, "an Output, which only programs have, at 'size'"],
    ["no object", 7, "a provider must give its properties as an object"],
  ])("creates something and answers with %s does not leave an orphan", async (_, outs, message) => {
    const stack = await open();
    misbehave("create", async () => {
      cloud.things.set("a-1", {});
      return { id: "a-1", outs };
    });
    expect(await failure(stack.up())).toContain(message);
    expectTruth();
    behave("create");
    await expectRecovery(stack);
  });

  test("throws something fails its step with those words, whatever it is", async () => {
    const stack = await open();
    await stack.up();
    program = sized(2);
    for (const [thrown, message] of [
      [new Error("boom"), "boom"],
      ["in words only", "in words only"],
      [undefined, "a provider threw nothing"],
      [null, "a provider threw nothing"],
      [Object.assign(new Error("not ready"), { id: "", properties: 7 }), "not ready"],
    ]) {
      misbehave("update", () => {
        throw thrown;
      });
      expect(await failure(stack.up())).toContain(message);
      expectTruth();
    }
    behave("update");
    await expectRecovery(stack);
  });

  describe("hangs is left to itself when the operation is cancelled:", () => {
    const hanging: [call: keyof Cloud, operation: keyof typeof operations, left: string[]][] = [
      ["create", "up", ["creating"]],
      ["update", "up", ["updating"]],
      ["delete", "destroy", ["deleting"]],
      ["read", "refresh", []],
      ["check", "up", []],
      ["diff", "up", []],
    ];
    test.each(hanging)("in '%s' of '%s' pending is %j", async (call, operation, left) => {
      const stack = await open();
      if (call !== "create") await stack.up();
      const listed = things();
      program = sized(2);
      const cancel = new AbortController();
      misbehave(call, () => {
        cancel.abort();
        return never();
      });
      const { signal } = cancel;
      const message = await failure(
        operation === "up"
          ? stack.up({ signal })
          : operation === "refresh"
            ? stack.refresh({ signal })
            : stack.destroy({ signal }),
      );
      if (left.length > 0 || call === "read")
        expect(message).toContain("did not answer within 0.1 s of the cancellation");
      else expect(message).toContain("update cancelled");
      expect(pending()).toEqual(left);
      expect(things()).toEqual(listed);
      expect(readLocks(sandbox.url, "proj", "dev")).toEqual([]);

      behave(call);
      const warnings: string[] = [];
      const onEvent = ({ diagnosticEvent }: EngineEvent): void => {
        if (diagnosticEvent?.severity === "warning") warnings.push(diagnosticEvent.message);
      };
      await stack.up({ onEvent });
      expect(warnings.join()).toContain(left.length > 0 ? "with 1 pending operations from previous deployment" : "");
      await stack.refresh({ clearPendingCreates: true });
      expect((await stack.up({ expectNoChanges: true })).summary.resourceChanges).toEqual({ same: 2 });
    });
  });
});
