/** The local provider under a whole stack, driven by the Automation API. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { embeddedEngine } from "../../engine";
import { LoadBalancer, LocalProvider, packageName, Route, TargetGroup, Workload } from "../../local/provider";
import { freePort } from "../ports";
import { until } from "../until";
import { answerOf, fixture, isGone, type Place, place, textOf } from "./support";

const cli = (() => {
  try {
    return execFileSync("pulumi", ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    console.warn("LEFT OUT: the local provider as a plugin of the real CLI, because `pulumi` is not on PATH");
    return undefined;
  }
})();

interface Wanted {
  version: string | null;
  revision: number;
  weight: number;
}

let here: Place;
let ports: { entry: number; slot: number };
let wanted: Wanted;
beforeEach(async () => {
  here = place();
  ports = { entry: await freePort(), slot: await freePort() };
});
afterEach(() => here.clean());

async function program() {
  const { runtimeDir } = here.runtime;
  const { version, revision, weight } = wanted;
  const team = "team";
  const entry = { host: "127.0.0.1", port: ports.entry };
  const balancer = new LoadBalancer("entry", { runtimeDir, ...entry, kind: "embedded", requestTimeoutMs: 5000 });
  const health = { path: "/", intervalMs: 50, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 };
  const group = new TargetGroup(
    "slot-1",
    {
      ...{ runtimeDir, name: "team-slot-1", team, slot: "slot-1", host: "127.0.0.1", port: ports.slot, health },
      ...{ drainMs: 500, requestTimeoutMs: 5000 },
    },
    { dependsOn: balancer },
  );
  const slot = new Workload("slot-1", {
    ...{ runtimeDir, team, slot: "slot-1", targetGroup: group.name, version, port: ports.slot, limits: {} },
    command: version === null ? [] : ["node", fixture, "serve"],
    cwd: version === null ? null : dirname(fixture),
    env: { PORT: String(ports.slot), VERSION: version ?? "" },
    secretEnv: pulumi.secret({ API_KEY: "a-secret-value" }),
    graceMs: 1000,
  });
  const route = new Route("route", {
    ...{ runtimeDir, team, paths: ["/"], weights: { "slot-1": weight }, live: weight ? "slot-1" : null },
    ...{ targetGroups: pulumi.output({ "slot-1": group.name }), epoch: 1, revision, release: `r${revision}` },
  });
  return { url: balancer.url, version: slot.version, revision: route.revision, weights: route.weights };
}

async function select(pulumiCommand: PulumiCommand): Promise<Stack> {
  for (const folder of ["state", "home", "work"]) mkdirSync(join(here.directory, folder), { recursive: true });
  const plugin = { name: packageName, path: resolve(__dirname, "../../local/provider/plugin") };
  const project = { name: "stacks", runtime: "nodejs", plugins: { providers: [plugin] } };
  writeFileSync(join(here.directory, "work", "Pulumi.yaml"), JSON.stringify(project));
  return LocalWorkspace.createOrSelectStack(
    { stackName: "dev.team", projectName: "stacks", program },
    {
      pulumiCommand,
      workDir: join(here.directory, "work"),
      pulumiHome: join(here.directory, "home"),
      envVars: {
        PULUMI_BACKEND_URL: `file://${join(here.directory, "state")}`,
        PULUMI_CONFIG_PASSPHRASE: "correct horse",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      },
    },
  );
}

const engines: [string, (() => Promise<PulumiCommand>) | undefined][] = [
  ["the embedded engine", async () => embeddedEngine({ providers: { [packageName]: new LocalProvider() } })],
  ["the real CLI", cli === undefined ? undefined : () => PulumiCommand.get({ skipVersionCheck: true })],
];

describe.each(engines)("on %s", (_, engine) => {
  (engine ? test : test.skip)(
    "a stack of local resources comes up, tells the truth, refuses the past and goes down with a dead supervisor",
    async () => {
      if (!engine) return;
      const stack = await select(await engine());

      wanted = { version: null, revision: 0, weight: 0 };
      await stack.up();
      wanted = { version: "v1", revision: 1, weight: 100 };
      const { outputs } = await stack.up();
      expect([outputs.version?.value, outputs.weights?.value]).toEqual(["v1", { "slot-1": 100 }]);
      await until(async () => (await (await fetch(outputs.url?.value)).text()) === "v1");
      expect((await stack.preview()).changeSummary).toEqual({ same: 5 });

      await here.runtime.removeProcess("team.slot-1", 1000);
      await stack.refresh();
      expect((await stack.preview()).changeSummary).toEqual({ same: 4, update: 1 });
      await stack.up();
      expect(await until(() => answerOf(ports.slot))).toBe("v1");

      wanted = { ...wanted, revision: 0 };
      await expect(stack.preview()).rejects.toThrow(
        /older than the state's 1\.1: run `pulumi config refresh -s dev\.team`/,
      );
      const checkpoint = textOf(join(here.directory, "state/.pulumi/stacks/stacks/dev.team.json"));
      expect([checkpoint.includes("ciphertext"), checkpoint.includes("a-secret-value")]).toEqual([true, false]);

      const { pid } = await here.runtime.ensureSupervisor();
      process.kill(pid, "SIGKILL");
      await until(() => isGone(pid));
      await stack.destroy();
      expect([await answerOf(ports.slot), await answerOf(ports.entry)]).toEqual([undefined, undefined]);
      expect(await here.runtime.supervisor()).toBeUndefined();
    },
    90_000,
  );
});
