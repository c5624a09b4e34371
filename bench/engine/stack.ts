/** One stack of plain custom resources, the same on each engine. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { main as serveProvider } from "@pulumi/pulumi/provider/server";
import type { PulumiCommand } from "../../engine";

/** Answers at once and keeps nothing: what is measured is the engine. */
export class BenchProvider implements pulumi.provider.Provider {
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

class Thing extends pulumi.CustomResource {
  constructor(name: string, args: Record<string, unknown>) {
    super("bench:index:Thing", name, args);
  }
}

/** So many resources that do not depend on each other, with some 100 bytes of input each. */
export const independent =
  (resources: number): PulumiFn =>
  async () => {
    for (let number = 0; number < resources; number++) {
      new Thing(`thing-${number}`, { number, text: "x".repeat(80) });
    }
    return { resources };
  };

/** Serves the provider for the CLI. The SDK tells the port on standard output and nowhere else. */
export async function attachProvider(provider: pulumi.provider.Provider): Promise<string> {
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

export interface StackOptions {
  /** The stack's own folder; it is made. */
  folder: string;
  pulumiCommand: PulumiCommand;
  program: PulumiFn;
  /** Where the provider is served; undefined for the embedded engine, which runs it in process. */
  providerPort: string | undefined;
}

export async function createStack({ folder, pulumiCommand, program, providerPort }: StackOptions): Promise<Stack> {
  for (const part of ["state", "home", "work"]) mkdirSync(join(folder, part), { recursive: true });
  const envVars = {
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    ...(providerPort !== undefined && { PULUMI_DEBUG_PROVIDERS: `bench:${providerPort}` }),
  };
  return LocalWorkspace.createStack(
    { projectName: "bench", stackName: "dev", program },
    { workDir: join(folder, "work"), pulumiHome: join(folder, "home"), pulumiCommand, envVars },
  );
}
