import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation";
import * as oldestPulumi from "pulumi-oldest";
import * as oldestAutomation from "pulumi-oldest/automation";
import { embeddedEngine } from "../../engine";
import { Cloud } from "./cloud";
import { Sandbox } from "./support";

interface Sdk {
  automation: typeof automation;
  pulumi: typeof pulumi;
  /** Where the installed package is. */
  folder: string;
}
/** The two ends of what is supported; docs/engine.md says why these. */
const sdks: Record<string, Sdk> = {
  newest: { automation, pulumi, folder: dirname(require.resolve("@pulumi/pulumi/package.json")) },
  // Its classes are other ones, of the same shape.
  oldest: {
    automation: oldestAutomation as unknown as typeof automation,
    pulumi: oldestPulumi as unknown as typeof pulumi,
    folder: dirname(require.resolve("pulumi-oldest/package.json")),
  },
};

interface Subject extends Sdk {
  stack: automation.Stack;
  workspace: automation.Workspace;
  sandbox: Sandbox;
  open: (stackName?: string) => Promise<automation.Stack>;
}
type Case = (subject: Subject) => Promise<unknown>;

/** Every method that works, with something that only a working one gives. */
const works: Record<string, Case> = {
  "stack.create": async ({ automation: { Stack }, workspace }) => {
    expect((await Stack.create("other", workspace)).name).toBe("other");
  },
  "stack.select": async ({ automation: { Stack, StackNotFoundError }, workspace }) => {
    expect((await Stack.select("dev", workspace)).name).toBe("dev");
    await expect(Stack.select("none", workspace)).rejects.toBeInstanceOf(StackNotFoundError);
  },
  "stack.createOrSelect": async ({ automation: { Stack }, workspace }) => {
    for (const _ of [1, 2]) expect((await Stack.createOrSelect("other", workspace)).name).toBe("other");
  },
  "stack.up": async ({ stack }) => {
    const { summary, outputs } = await stack.up();
    expect(summary.resourceChanges).toEqual({ create: 2 });
    expect(outputs).toEqual({ id: { value: "a-1", secret: false } });
  },
  "stack.preview": async ({ stack }) => {
    expect((await stack.preview()).changeSummary).toEqual({ create: 2 });
    expect(await stack.history()).toEqual([]);
  },
  "stack.refresh": async ({ stack }) => {
    await stack.up();
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 2 });
  },
  "stack.previewRefresh": async ({ stack }) => {
    await stack.up();
    expect((await stack.previewRefresh()).changeSummary).toEqual({ same: 2 });
  },
  "stack.destroy": async ({ stack }) => {
    await stack.up();
    expect((await stack.destroy()).summary.resourceChanges).toEqual({ delete: 2 });
  },
  "stack.previewDestroy": async ({ stack }) => {
    await stack.up();
    expect((await stack.previewDestroy()).changeSummary).toEqual({ delete: 2 });
    expect(Object.keys(await stack.outputs())).toEqual(["id"]);
  },
  "stack.rename": async ({ stack, workspace }) => {
    await stack.up();
    await stack.rename({ stackName: "new" });
    expect((await workspace.listStacks()).map(({ name }) => name)).toEqual(["new"]);
  },
  "stack.setConfig": configured,
  "stack.getConfig": configured,
  "stack.setAllConfig": allConfigured,
  "stack.getAllConfig": allConfigured,
  "stack.setAllConfigJson": async ({ stack }) => {
    await stack.setAllConfigJson(JSON.stringify({ "proj:k": { value: "v" } }));
    expect(await stack.getAllConfig()).toEqual({ "proj:k": { value: "v", secret: false } });
  },
  "stack.removeConfig": async ({ stack }) => {
    await stack.setConfig("k", { value: "v" });
    await stack.removeConfig("k");
    expect(await stack.getAllConfig()).toEqual({});
  },
  "stack.removeAllConfig": async ({ stack }) => {
    await stack.setAllConfig({ k: { value: "v" }, l: { value: "w" } });
    await stack.removeAllConfig(["k"]);
    expect(Object.keys(await stack.getAllConfig())).toEqual(["proj:l"]);
  },
  "stack.refreshConfig": async ({ stack }) => {
    await stack.setConfig("k", { value: "deployed" });
    await stack.up();
    await stack.setConfig("k", { value: "edited" });
    expect(await stack.refreshConfig()).toEqual({ "proj:k": { value: "deployed", secret: false } });
  },
  "stack.setTag": tagged,
  "stack.getTag": tagged,
  "stack.listTags": tagged,
  "stack.removeTag": tagged,
  "stack.outputs": async ({ stack }) => {
    await stack.up();
    expect(await stack.outputs()).toEqual({ id: { value: "a-1", secret: false } });
  },
  "stack.history": async ({ stack }) => {
    await stack.up({ message: "first" });
    await stack.destroy();
    expect((await stack.history()).map(({ kind }) => kind)).toEqual(["destroy", "update"]);
    expect(await stack.history(1, 2)).toMatchObject([{ kind: "update", message: "first", result: "succeeded" }]);
  },
  "stack.info": async ({ stack }) => {
    expect(await stack.info()).toBeUndefined();
    await stack.up();
    expect((await stack.info())?.startTime).toBeInstanceOf(Date);
  },
  "stack.cancel": async ({ stack, sandbox, automation: { ConcurrentUpdateError } }) => {
    const lock = { pid: 1, username: "u", hostname: "h", timestamp: new Date().toISOString() };
    await stack.up();
    writeFileSync(sandbox.path("locks", "organization", "proj", "dev", "other.json"), JSON.stringify(lock));
    await expect(stack.up()).rejects.toBeInstanceOf(ConcurrentUpdateError);
    await stack.cancel();
    expect((await stack.up()).summary.result).toBe("succeeded");
  },
  "stack.exportStack": exported,
  "stack.importStack": exported,
  "workspace.create": async ({ automation: { LocalWorkspace }, sandbox }) => {
    const { envVars } = sandbox.options(undefined);
    const pulumiCommand = embeddedEngine({ providers: {} });
    const workspace = await LocalWorkspace.create({ workDir: sandbox.root, envVars, pulumiCommand });
    expect(workspace.pulumiVersion).toBe("3.260.0");
  },
  "workspace.createStack": async ({ workspace, automation: { StackAlreadyExistsError } }) => {
    await workspace.createStack("other");
    await expect(workspace.createStack("other")).rejects.toBeInstanceOf(StackAlreadyExistsError);
  },
  "workspace.selectStack": async ({ workspace, automation: { StackNotFoundError } }) => {
    await workspace.selectStack("dev");
    await expect(workspace.selectStack("none")).rejects.toBeInstanceOf(StackNotFoundError);
  },
  "workspace.createOrSelectStack": async ({ open }) => {
    expect((await open("other")).name).toBe("other");
  },
  "workspace.removeStack": async ({ workspace }) => {
    await workspace.removeStack("dev");
    expect(await workspace.listStacks()).toEqual([]);
  },
  "workspace.setConfig": workspaceConfigured,
  "workspace.getConfig": workspaceConfigured,
  "workspace.setAllConfig": workspaceConfigured,
  "workspace.getAllConfig": workspaceConfigured,
  "workspace.setAllConfigJson": workspaceConfigured,
  "workspace.removeConfig": workspaceConfigured,
  "workspace.removeAllConfig": workspaceConfigured,
  "workspace.refreshConfig": async ({ stack, workspace }) => {
    await stack.up();
    expect(await workspace.refreshConfig("dev")).toEqual({});
  },
  "workspace.setTag": workspaceTagged,
  "workspace.getTag": workspaceTagged,
  "workspace.listTags": workspaceTagged,
  "workspace.removeTag": workspaceTagged,
  "workspace.whoAmI": async ({ workspace, sandbox }) => {
    expect(await workspace.whoAmI()).toMatchObject({ url: sandbox.url });
  },
  "workspace.stack": async ({ workspace }) => {
    expect(await workspace.stack()).toMatchObject({ name: "dev", current: true });
  },
  "workspace.listStacks": async ({ workspace, open }) => {
    await open("other");
    expect((await workspace.listStacks()).map(({ name, current }) => [name, current])).toEqual([
      ["dev", false],
      ["other", true],
    ]);
  },
  "workspace.exportStack": async ({ stack, workspace }) => {
    await stack.up();
    expect((await workspace.exportStack("dev")).deployment.resources).toHaveLength(3);
  },
  "workspace.importStack": async ({ stack, workspace }) => {
    await stack.up();
    await workspace.importStack("dev", { version: 3, deployment: {} });
    expect(await stack.outputs()).toEqual({});
  },
  "workspace.stackOutputs": async ({ stack, workspace }) => {
    await stack.up();
    expect(await workspace.stackOutputs("dev")).toEqual({ id: { value: "a-1", secret: false } });
  },
  // These ask no engine.
  "workspace.projectSettings": settings,
  "workspace.saveProjectSettings": settings,
  "workspace.stackSettings": settings,
  "workspace.saveStackSettings": settings,
  "workspace.serializeArgsForOp": async ({ workspace }) => {
    expect(await workspace.serializeArgsForOp("dev")).toEqual([]);
  },
  "workspace.postCommandCallback": async ({ workspace }) => {
    expect(await workspace.postCommandCallback("dev")).toBeUndefined();
  },
};

async function configured({ stack }: Subject): Promise<void> {
  await stack.setConfig("k", { value: "hidden", secret: true });
  await stack.setConfig("list[0]", { value: "7" }, true);
  expect(await stack.getConfig("k")).toEqual({ value: "hidden", secret: true });
  expect(await stack.getConfig("list[0]", true)).toEqual({ value: "7", secret: false });
}
async function allConfigured({ stack }: Subject): Promise<void> {
  await stack.setAllConfig({ k: { value: "v" }, l: { value: "w" } });
  expect(await stack.getAllConfig()).toEqual({
    "proj:k": { value: "v", secret: false },
    "proj:l": { value: "w", secret: false },
  });
}
async function workspaceConfigured({ workspace }: Subject): Promise<void> {
  await workspace.setConfig("dev", "k", { value: "v" });
  expect(await workspace.getConfig("dev", "k")).toEqual({ value: "v", secret: false });
  await workspace.setAllConfig("dev", { l: { value: "1" } });
  await workspace.setAllConfigJson("dev", JSON.stringify({ "proj:m": { value: "2" } }));
  await workspace.removeConfig("dev", "k");
  expect(Object.keys(await workspace.getAllConfig("dev"))).toEqual(["proj:l", "proj:m"]);
  await workspace.removeAllConfig("dev", ["l", "m"]);
  expect(await workspace.getAllConfig("dev")).toEqual({});
}
async function tagged({ stack }: Subject): Promise<void> {
  await stack.setTag("owner", "team");
  expect(await stack.getTag("owner")).toBe("team");
  expect(await stack.listTags()).toEqual({ owner: "team" });
  await stack.removeTag("owner");
  expect(await stack.listTags()).toEqual({});
}
async function workspaceTagged({ workspace }: Subject): Promise<void> {
  await workspace.setTag("dev", "owner", "team");
  expect(await workspace.getTag("dev", "owner")).toBe("team");
  await workspace.removeTag("dev", "owner");
  expect(await workspace.listTags("dev")).toEqual({});
}
async function exported({ stack }: Subject): Promise<void> {
  await stack.up();
  const state = await stack.exportStack();
  await stack.importStack({ version: 3, deployment: {} });
  expect(await stack.outputs()).toEqual({});
  await stack.importStack(state);
  expect((await stack.preview({ expectNoChanges: true })).changeSummary).toEqual({ same: 2 });
}
async function settings({ workspace }: Subject): Promise<void> {
  await workspace.saveProjectSettings({ ...(await workspace.projectSettings()), description: "d" });
  expect((await workspace.projectSettings()).description).toBe("d");
  await workspace.saveStackSettings("dev", { config: { "proj:k": "v" } });
  expect((await workspace.stackSettings("dev")).config).toEqual({ "proj:k": "v" });
  expect(await workspace.getConfig("dev", "k")).toEqual({ value: "v", secret: false });
}

/** Every other method, and the command that its error names. */
const refused: Record<string, [command: string, attempt: Case]> = {
  "stack.import": ["pulumi import", ({ stack }) => stack.import({ resources: [] })],
  "stack.addEnvironments": ["pulumi config env", ({ stack }) => stack.addEnvironments("e")],
  "stack.listEnvironments": ["pulumi config env", ({ stack }) => stack.listEnvironments()],
  "stack.removeEnvironment": ["pulumi config env", ({ stack }) => stack.removeEnvironment("e")],
  "stack.orgGetDefault": ["pulumi org get-default", ({ stack }) => stack.orgGetDefault()],
  "stack.orgSetDefault": ["pulumi org set-default", ({ stack }) => stack.orgSetDefault("o")],
  "workspace.addEnvironments": ["pulumi config env", ({ workspace }) => workspace.addEnvironments("dev", "e")],
  "workspace.listEnvironments": ["pulumi config env", ({ workspace }) => workspace.listEnvironments("dev")],
  "workspace.removeEnvironment": ["pulumi config env", ({ workspace }) => workspace.removeEnvironment("dev", "e")],
  "workspace.install": ["pulumi install", ({ workspace }) => Object(workspace).install()],
  "workspace.installPlugin": ["pulumi plugin install", ({ workspace }) => workspace.installPlugin("aws", "v1.0.0")],
  "workspace.installPluginFromServer": [
    "pulumi plugin install",
    ({ workspace }) => workspace.installPluginFromServer("aws", "v1.0.0", "https://example.com"),
  ],
  "workspace.removePlugin": ["pulumi plugin rm", ({ workspace }) => workspace.removePlugin("aws")],
  "workspace.listPlugins": ["pulumi plugin ls", ({ workspace }) => workspace.listPlugins()],
};

const page = readFileSync(join(process.cwd(), "docs", "engine.md"), "utf8");
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
const publicMethods = (folder: string, file: string): string[] =>
  [...readFileSync(join(folder, "automation", file), "utf8").matchAll(/^ {4}(?:static )?(\w+)\(/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "constructor");

describe.each(Object.entries(sdks))("with the %s SDK,", (_, sdk) => {
  let subject: Subject;
  class Thing extends sdk.pulumi.CustomResource {}
  const program = async () => ({ id: new Thing("probe:index:Thing", "a", { size: 1 }).id });
  beforeEach(async () => {
    const sandbox = new Sandbox();
    const engine = embeddedEngine({ providers: { probe: new Cloud() }, automation: sdk.automation });
    const open = (stackName = "dev"): Promise<automation.Stack> =>
      sdk.automation.LocalWorkspace.createOrSelectStack(
        { projectName: "proj", stackName, program },
        sandbox.options(engine),
      );
    const stack = await open();
    subject = { ...sdk, stack, workspace: stack.workspace, sandbox, open };
  });
  afterEach(() => subject.sandbox.remove());

  const has = (method: string): boolean => {
    const [of, name = ""] = method.split(".");
    return publicMethods(sdk.folder, of === "stack" ? "stack.d.ts" : "localWorkspace.d.ts").includes(name);
  };

  test("each method of the Automation API is known to work or to be refused, and documented so", () => {
    const methods = [
      ...publicMethods(sdk.folder, "stack.d.ts").map((name) => `stack.${name}`),
      ...publicMethods(sdk.folder, "localWorkspace.d.ts").map((name) => `workspace.${name}`),
    ];
    expect(methods.filter((method) => !(method in works) && !(method in refused))).toEqual([]);
    const named = (title: string): string[] =>
      [...section(title).matchAll(/`((?:stack|workspace)\.\w+)`/g)].map(([, name = ""]) => name).sort();
    expect(named("Methods that work")).toEqual(Object.keys(works).sort());
    expect(named("Methods that are refused")).toEqual(Object.keys(refused).sort());
    for (const [method, [command]] of Object.entries(refused)) {
      const line = section("Methods that are refused")
        .split("\n")
        .find((text) => text.includes(`\`${method}\``));
      expect(line).toContain(`\`${command}\``);
    }
  });

  test.each(Object.entries(works))("%s works", async (method, act) => {
    expect(has(method)).toBe(true);
    await act(subject);
  });

  const refusals = Object.entries(refused).map(([method, [command, attempt]]) => [method, command, attempt] as const);
  test.each(refusals.filter(([method]) => has(method)))("%s is refused: '%s' is not supported", async (...row) => {
    const [, command, attempt] = row;
    const message = new RegExp(`error: '${command}[^']*' is not supported by the embedded engine`);
    await expect(attempt(subject)).rejects.toThrow(message);
    await expect(attempt(subject)).rejects.toBeInstanceOf(sdk.automation.CommandError);
  });

  test("each option of an operation does what it says or is refused by name, as documented", async () => {
    const { stack, sandbox } = subject;
    await stack.up();
    const target = ["urn:pulumi:dev::proj::probe:index:Thing::a"];
    const heard: string[] = [];
    const hear = (text: string): number => heard.push(text);
    const both = {
      ...{ parallel: 1, message: "m", target, userAgent: "u", onOutput: hear, onError: hear, onEvent: () => undefined },
      ...{
        color: "never" as const,
        suppressOutputs: true,
        suppressProgress: true,
        signal: new AbortController().signal,
      },
      configFile: join(sandbox.root, "work", "Pulumi.dev.yaml"),
    } as const;
    const update = { expectNoChanges: true, refresh: true, diff: true, program, runProgram: true, replace: target };
    const accepted = {
      UpOptions: { ...both, ...update, showSecrets: true, continueOnError: true },
      PreviewOptions: { ...both, ...update },
      RefreshOptions: {
        ...both,
        ...{
          expectNoChanges: true,
          clearPendingCreates: true,
          showSecrets: true,
          runProgram: false,
          previewOnly: true,
        },
      },
      DestroyOptions: {
        ...both,
        ...{ refresh: true, diff: true, continueOnError: true, showSecrets: true, runProgram: false },
        ...{ previewOnly: true, remove: false },
      },
    };
    await stack.up({ ...accepted.UpOptions, expectNoChanges: false });
    await stack.preview({ ...accepted.PreviewOptions, expectNoChanges: false });
    await stack.refresh(accepted.RefreshOptions);
    await stack.up();
    await stack.destroy(accepted.DestroyOptions);
    const acts = {
      UpOptions: (option: object) => stack.up(option),
      PreviewOptions: (option: object) => stack.preview(option),
      RefreshOptions: (option: object) => stack.refresh(option),
      DestroyOptions: (option: object) => stack.destroy(option),
    };
    const rows = section("Options that are refused").replaceAll(/^[^|].*$/gm, "");
    const documented = [...rows.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
    const values: Record<string, unknown> = {
      ...{ tracing: "http://127.0.0.1", plan: "p", importFile: "f", logVerbosity: 3 },
      ...{ policyPacks: ["p"], policyPackConfigs: ["p"], exclude: target },
    };
    const declared = readFileSync(join(sdk.folder, "automation", "stack.d.ts"), "utf8");
    const optionsOf = (type: string): string[] => {
      const body = declared.split(`export interface ${type} `)[1]?.split("\n}")[0] ?? "";
      return [...body.matchAll(/^ {4}(\w+)\??:/gm)].map(([, name = ""]) => name);
    };
    const seen = new Set<string>();
    for (const [type, act] of Object.entries(acts)) {
      const given: object = Reflect.get(accepted, type);
      // Those of the interface that all of them extend; one of them belongs to previews.
      const shared = { UpOptions: optionsOf("GlobalOpts"), PreviewOptions: ["importFile"] }[type] ?? [];
      const others = [...optionsOf(type), ...shared].filter(
        (name) => !(name in given) && (name !== "importFile" || type === "PreviewOptions"),
      );
      for (const name of others) {
        seen.add(name);
        await expect(act({ [name]: values[name] ?? true })).rejects.toThrow(/the flag --[\w-]+ of 'pulumi \w+' is not/);
      }
    }
    expect(documented.toSorted()).toEqual([...seen].sort());
    expect(heard.join("")).toContain("Duration");
    await stack.destroy({ remove: true });
    expect(await stack.workspace.listStacks()).toEqual([]);
  });
});
