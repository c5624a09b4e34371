/**
 * A warm `stack.up` with nothing to do, on the embedded engine and, where `pulumi` is on PATH, on the real CLI in the same
 * run, turn by turn: `node dist/bench/engine-noop.js [resources] [rounds]`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, PulumiCommand, type Stack } from "@pulumi/pulumi/automation";
import { main as serveProvider } from "@pulumi/pulumi/provider/server";
import { type PulumiCommand as Command, embeddedEngine } from "../engine";

const [resources = 13, rounds = 15] = process.argv.slice(2).map(Number);

class BenchProvider implements pulumi.provider.Provider {
  readonly version = "1.0.0";

  async check(_urn: string, _olds: unknown, news: object): Promise<pulumi.provider.CheckResult> {
    return { inputs: news };
  }

  async diff(_id: string, _urn: string, olds: object, news: object): Promise<pulumi.provider.DiffResult> {
    return { changes: JSON.stringify(Object.entries(olds).sort()) !== JSON.stringify(Object.entries(news).sort()) };
  }

  async create(urn: string, inputs: object): Promise<pulumi.provider.CreateResult> {
    return { id: urn.split("::").pop() ?? "", outs: inputs };
  }
}

const program = async (): Promise<object> => {
  for (let number = 0; number < resources; number++) {
    new (class extends pulumi.CustomResource {})("bench:index:Thing", `thing-${number}`, {
      number,
      text: "x".repeat(80),
    });
  }
  return { resources };
};

/** The SDK tells the port of a provider that it serves on standard output and nowhere else. */
async function portOf(provider: pulumi.provider.Provider): Promise<string> {
  const { log } = console;
  let printed = "";
  console.log = (text: string) => {
    printed = String(text);
  };
  try {
    await serveProvider(provider, []);
  } finally {
    console.log = log;
  }
  return printed;
}

async function open(folder: string, pulumiCommand: Command, port: string): Promise<Stack> {
  for (const part of ["state", "home", "work"]) mkdirSync(join(folder, part), { recursive: true });
  const envVars = {
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(port && { PULUMI_DEBUG_PROVIDERS: `bench:${port}` }),
  };
  const stack = await LocalWorkspace.createStack(
    { projectName: "bench", stackName: "dev", program },
    { workDir: join(folder, "work"), pulumiHome: join(folder, "home"), pulumiCommand, envVars },
  );
  await stack.up();
  await stack.up();
  return stack;
}

const quantile = (sample: number[], share: number): number =>
  [...sample].sort((a, b) => a - b)[Math.min(sample.length - 1, Math.floor(sample.length * share))] ?? Number.NaN;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "bench-engine-"));
  const provider = new BenchProvider();
  const real = spawnSync("pulumi", ["version"], { encoding: "utf8" });
  const stacks: Record<string, Stack> = {
    embedded: await open(join(folder, "embedded"), embeddedEngine({ providers: { bench: provider } }), ""),
  };
  if (real.status === 0) {
    const command = await PulumiCommand.get({ skipVersionCheck: true });
    stacks.cli = await open(join(folder, "cli"), command, await portOf(provider));
  }
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [engine, stack] of Object.entries(stacks)) {
      const started = performance.now();
      const { summary } = await stack.up();
      times[engine] = [...(times[engine] ?? []), performance.now() - started];
      if (Object.keys(summary.resourceChanges ?? {}).join() !== "same") throw new Error("an update was not a no-op");
    }
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(`node dist/bench/engine-noop.js ${resources} ${rounds}   (no random input, so no seed)`);
  console.log(
    `${resources} custom resources, ${rounds} rounds, ${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log("| no-op `stack.up` | min ms | median ms | p99 ms |\n|---|---|---|---|");
  for (const [engine, sample] of Object.entries(times)) {
    const cells = [Math.min(...sample), quantile(sample, 0.5), quantile(sample, 0.99)].map((ms) => ms.toFixed(0));
    const name = engine === "cli" ? `real CLI ${real.stdout.trim()}` : engine;
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  if (times.cli === undefined || times.embedded === undefined) {
    console.log("LEFT OUT: the real CLI, because `pulumi` is not on PATH");
  } else {
    console.log(`ratio of medians: ${(quantile(times.cli, 0.5) / quantile(times.embedded, 0.5)).toFixed(1)}x`);
  }
}

main().then(
  // The provider's server has no handle to close it by.
  () => process.exit(0),
  (thrown) => {
    console.error(thrown);
    process.exit(1);
  },
);
