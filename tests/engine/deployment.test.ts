import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../../engine";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

let sandbox: Sandbox;
let cloud: Cloud;
let engine: ReturnType<typeof embeddedEngine>;
beforeEach(() => {
  sandbox = new Sandbox();
  cloud = new Cloud();
  engine = embeddedEngine({ providers: { probe: cloud } });
});
afterEach(() => sandbox.remove());

const open = (name: string, program: () => Promise<Record<string, unknown>>): Promise<Stack> =>
  LocalWorkspace.createOrSelectStack(
    { projectName: "proj", stackName: name, program },
    sandbox.options(engine, `work-${name}`),
  );
const outcomes = (runs: Promise<unknown>[]): Promise<string[]> =>
  Promise.all(
    runs.map((run) =>
      run.then(
        () => "succeeded",
        () => "failed",
      ),
    ),
  );

test("runs that fail do no harm to runs beside them, and leave nothing behind in the process", async () => {
  const listeners = process.listenerCount("unhandledRejection");
  let begun = 0;
  let allBegun: () => void = () => undefined;
  const together = new Promise<void>((resolve) => {
    allBegun = resolve;
  });
  cloud.before = async (call, name) => {
    if (call !== "create" || !name.startsWith("first")) return;
    if (++begun === 6) allBegun();
    // All programs run when the first one fails.
    await together;
    if (name.startsWith("first-bad")) throw new Error("boom");
  };
  const names = ["good-1", "bad-1", "good-2", "bad-2", "good-3", "bad-3"];
  const stacks = await Promise.all(
    names.map((name) =>
      open(name, async () => {
        const first = new Thing(`first-${name}`, {});
        return { id: new Thing(`second-${name}`, { dep: first.id }).id };
      }),
    ),
  );
  const results = await outcomes(stacks.map((stack) => stack.up()));
  expect(results).toEqual(["succeeded", "failed", "succeeded", "failed", "succeeded", "failed"]);
  expect([...cloud.things.keys()].map((id) => id.replace(/-\d+$/, "")).sort()).toEqual(
    ["good-1", "good-2", "good-3"].flatMap((name) => [`first-${name}`, `second-${name}`]).sort(),
  );
  const deadline = Date.now() + 5_000;
  while (process.listenerCount("unhandledRejection") > listeners && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(process.listenerCount("unhandledRejection")).toBe(listeners);
});

test("after a failed run the next one in the same process is judged by itself", async () => {
  let broken = true;
  const stack = await open("dev", async () => {
    const a = new Thing("a", {});
    return { id: new Thing("b", { dep: a.id }).id };
  });
  cloud.before = (call, name) => {
    if (broken && call === "create" && name === "a") throw new Error("boom");
  };
  for (let round = 0; round < 5; round++) {
    broken = true;
    expect(await outcomes([stack.up()])).toEqual(["failed"]);
    broken = false;
    expect((await stack.up()).summary.result).toBe("succeeded");
    await stack.destroy();
  }
});

test("steps that do not need each other run at once, as many as allowed", async () => {
  let running = 0;
  let most = 0;
  cloud.before = async (call) => {
    if (call !== "create") return;
    most = Math.max(most, ++running);
    // Long enough for others to begin, were they allowed to.
    await new Promise((resolve) => setTimeout(resolve, 50));
    running--;
  };
  const program = async (): Promise<Record<string, unknown>> => {
    for (let n = 0; n < 9; n++) new Thing(`t${n}`, {});
    return {};
  };
  await (await open("three", program)).up({ parallel: 3 });
  expect(most).toBe(3);
  most = 0;
  await (await open("all", program)).up({ parallel: 100 });
  expect(most).toBeGreaterThan(3);
});

test("what is not done is refused by name, with a way out", async () => {
  const stack = await open("dev", async () => {
    new Thing("a", {}, { import: "a-1" });
    return {};
  });
  await expect(stack.up()).rejects.toThrow(
    "the resource option 'import' is not supported by the embedded engine; use the Pulumi CLI",
  );
  expect(cloud.things.size).toBe(0);
});

test("a package without a provider is named", async () => {
  engine = embeddedEngine({ providers: {} });
  const stack = await open("dev", async () => ({ id: new Thing("a", {}).id }));
  await expect(stack.up()).rejects.toThrow("no provider for package 'probe'");
});

test("a provider's answer that is not plain data fails its step and not the process", async () => {
  cloud.create = async () => ({ id: "a", outs: { when: new Date(0) } });
  const stack = await open("dev", async () => ({ id: new Thing("a", {}).id }));
  await expect(stack.up()).rejects.toThrow("a value that is not JSON at 'when'");
});
