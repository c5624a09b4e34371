import { spawnSync } from "node:child_process";
import { Server } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { main as serveProvider } from "@pulumi/pulumi/provider/server";
import { embeddedEngine } from "../../engine";
import { Cloud, Thing } from "./cloud";
import { Sandbox } from "./support";

const found = spawnSync("pulumi", ["version"], { encoding: "utf8" }).status === 0;
if (!found)
  process.stderr.write("LEFT OUT: taking stacks over from the real CLI and back, because `pulumi` is not on PATH\n");
const onRealCli = found ? test : test.skip;

const cloud = new Cloud();
let sandbox: Sandbox;
let port = 0;
let servers: Server[] = [];
beforeAll(async () => {
  sandbox = new Sandbox();
  if (found) port = await attach(cloud);
});
afterAll(() => {
  sandbox.remove();
  for (const server of servers) server.close();
});

/** Serves the provider for the CLI to attach to. The SDK prints its port, once a process, and keeps its server to itself. */
async function attach(provider: pulumi.provider.Provider): Promise<number> {
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  const listen = jest.spyOn(Server.prototype, "listen");
  try {
    await serveProvider(provider, []);
    servers = listen.mock.contexts;
    return Number(log.mock.calls.at(-1)?.[0]);
  } finally {
    log.mockRestore();
    listen.mockRestore();
  }
}

let program: PulumiFn;
async function open(engine: "cli" | "embedded"): Promise<Stack> {
  const command =
    engine === "cli"
      ? await PulumiCommand.get({ skipVersionCheck: true })
      : embeddedEngine({ providers: { probe: cloud } });
  const options = sandbox.options(command);
  const envVars = { ...options.envVars, PULUMI_DEBUG_PROVIDERS: `probe:${port}` };
  return LocalWorkspace.createOrSelectStack(
    { projectName: "proj", stackName: "dev", program: () => program() },
    { ...options, envVars },
  );
}

const generation =
  (size: number): PulumiFn =>
  async () => {
    const word = new pulumi.Config().requireSecret("word");
    const a = new Thing("a", { size, word });
    new Thing("b", { of: a.id, fixed: true }, { parent: a });
    return { word, size, id: a.id };
  };

onRealCli(
  "each engine takes the other's stack over, finds nothing to do, and changes it",
  async () => {
    program = generation(0);
    const creator = await open("embedded");
    await creator.setConfig("word", { value: "open sesame", secret: true });
    const { outputs } = await creator.up();
    for (const [step, engine] of (["cli", "embedded", "cli"] as const).entries()) {
      const stack = await open(engine);
      expect(await stack.getConfig("word")).toEqual({ value: "open sesame", secret: true });
      expect((await stack.preview({ expectNoChanges: true })).changeSummary).toEqual({ same: 3 });
      expect((await stack.refresh({ expectNoChanges: true })).summary.resourceChanges).toEqual({ same: 3 });
      program = generation(step + 1);
      const result = await stack.up();
      expect(result.summary.resourceChanges).toEqual({ same: 2, update: 1 });
      expect(result.outputs).toEqual({ ...outputs, size: { value: step + 1, secret: false } });
      expect(await stack.history()).toHaveLength(1 + (step + 1) * 2);
    }
    const embedded = await open("embedded");
    await embedded.importStack(await (await open("cli")).exportStack());
    expect((await embedded.destroy()).summary.resourceChanges).toEqual({ delete: 3 });
    await (await open("cli")).workspace.removeStack("dev");
    expect([...cloud.things]).toEqual([]);
  },
  120_000,
);
