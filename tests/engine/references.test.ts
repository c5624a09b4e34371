import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../../engine";
import { integrityViolation } from "../../engine/state/integrity";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

let sandbox: Sandbox;
let cloud: Cloud;
let stack: Stack;
let program: PulumiFn;
beforeEach(async () => {
  sandbox = new Sandbox();
  cloud = new Cloud();
  stack = await LocalWorkspace.createOrSelectStack(
    { projectName: "proj", stackName: "dev", program: () => program() },
    sandbox.options(embeddedEngine({ providers: { probe: cloud } })),
  );
});
afterEach(() => sandbox.remove());

const urnOf = (name: string): string => `urn:pulumi:dev::proj::probe:index:Thing::${name}`;
function names(): string[] {
  const { resources = [] } = JSON.parse(sandbox.read("stacks", "proj", "dev.json")).checkpoint.latest;
  expect(integrityViolation(resources)).toBeUndefined();
  const things = resources.filter(({ type }: { type: string }) => type === "probe:index:Thing");
  return things.map(({ urn }: { urn: string }) => urn.split("::").slice(2).join(" ").replaceAll("probe:index:", ""));
}

test("what is no target stays, with what it needs, however the program changed around it", async () => {
  program = async () => {
    const z = new Thing("z", {});
    const a = new Thing("a", { size: 1 }, { dependsOn: [z] });
    new Thing("c", { of: a.id });
  };
  await stack.up();
  program = async () => {
    const c = new Thing("c", { size: 2 });
    new Thing("a", { size: 2 });
    new Thing("new", {}, { dependsOn: [c] });
  };
  const { summary } = await stack.up({ target: [urnOf("c")] });
  expect(summary.resourceChanges).toMatchObject({ update: 1 });
  expect(names().sort()).toEqual(["Thing a", "Thing c", "Thing z"]);
  expect(cloud.things.get("a-2")).toMatchObject({ size: 1 });
  await stack.refresh({ target: [urnOf("c")] });
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 2, update: 1, create: 1, delete: 1 });
  expect(names()).toEqual(["Thing c", "Thing a", "Thing new"]);
});

test("a renamed parent takes its children's names with it, also those that the run does not reach", async () => {
  program = async () => {
    const a = new Thing("a", {});
    new Thing("child", {}, { parent: a });
  };
  await stack.up();
  cloud.before = (call, name) => {
    if (call === "create" && name === "between") throw new Error("boom");
  };
  program = async () => {
    const group = new pulumi.ComponentResource("my:app:Group", "group");
    const a = new Thing("a", {}, { parent: group, aliases: [{ parent: pulumi.rootStackResource }] });
    const between = new Thing("between", {}, { dependsOn: [a] });
    new Thing("child", { of: between.id }, { parent: a });
  };
  await expect(stack.up()).rejects.toThrow("boom");
  expect(names()).toEqual(["my:app:Group$Thing a", "my:app:Group$Thing$Thing child"]);
  cloud.before = () => undefined;
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 3, create: 1, update: 1 });
});

test("an alias that names a resource of its own leaves that one alone", async () => {
  program = async () => {
    new Thing("a", {});
    new Thing("b", { fixed: true });
  };
  await stack.up();
  program = async () => {
    new Thing("a", { size: 1 }, { aliases: [{ name: "b" }] });
    throw new Error("stopped on purpose");
  };
  await expect(stack.up()).rejects.toThrow("stopped on purpose");
  expect(names().sort()).toEqual(["Thing a", "Thing b"]);
});
