import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Provider } from "@pulumi/kubernetes/provider";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { kubernetesPlatform } from "../../components/platforms/kubernetes";
import { switchyardProgram } from "../../components/program";
import { embeddedEngine } from "../../engine";
import { ApiServer, clusterAccess, type KubernetesObject, Objects, type Reference } from "../../kubernetes/client";

export const kubeconfig = process.env.SWITCHYARD_TEST_KUBECONFIG ?? "";
export const contextName = "test";

/** The cluster itself, asked past everything that is tested. */
export const objects = (context = contextName) => new Objects(new ApiServer(clusterAccess({ context, kubeconfig })));

/** The config of an environment in the test's cluster. */
export const clusterConfig = {
  context: contextName,
  kubeconfig,
  url: "http://127.0.0.1:8080",
  gateway: { class: "none", namespace: "none" },
};

/** A folder with the state of stacks that nobody else has. */
export class Stacks {
  readonly folder = mkdtempSync(join(tmpdir(), "switchyard-kubernetes-"));

  constructor() {
    mkdirSync(join(this.folder, "state"));
  }

  /** A stack of any program. */
  of(stackName: string, program: () => Promise<Record<string, unknown>>): Promise<Stack> {
    const workDir = join(this.folder, stackName);
    mkdirSync(workDir, { recursive: true });
    writeFileSync(join(workDir, "Pulumi.yaml"), JSON.stringify({ name: "switchyard", runtime: "nodejs" }));
    return LocalWorkspace.createOrSelectStack(
      { stackName, projectName: "switchyard", program },
      {
        workDir,
        pulumiCommand: embeddedEngine({ providers: kubernetesPlatform.providers() }),
        envVars: {
          PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}`,
          PULUMI_CONFIG_PASSPHRASE: "correct horse",
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      },
    );
  }

  /** A stack of Switchyard's own program, with this config and no other. */
  async switchyard(stackName: string, config: Record<string, unknown>): Promise<Stack> {
    const program = () => switchyardProgram({ projectDir: this.folder, platforms: { kubernetes: kubernetesPlatform } });
    const stack = await this.of(stackName, program);
    const entries = Object.entries(config).map(([key, value]) => [
      `switchyard:${key}`,
      { value: typeof value === "string" ? value : JSON.stringify(value), secret: key === "secrets" },
    ]);
    await stack.setAllConfig(Object.fromEntries(entries));
    return stack;
  }

  /** As it is on the disk. */
  state(stackName: string): string {
    return readFileSync(join(this.folder, "state", ".pulumi", "stacks", "switchyard", `${stackName}.json`), "utf8");
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** How many resources an operation changed, by what it did to them; `same` left out. */
export const changesOf = ({ summary }: { summary: { resourceChanges?: Record<string, number> } }) =>
  Object.fromEntries(Object.entries(summary.resourceChanges ?? {}).filter(([operation]) => operation !== "same"));

/** An own namespace, gone after the tests of the file. */
export function ownNamespace(name: string): string {
  const reference: Reference = { apiVersion: "v1", kind: "Namespace", name };
  beforeAll(async () => {
    await edit({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  });
  afterAll(() => objects().delete(reference, undefined));
  return name;
}

/** As another tool does it: with an apply of its own, or like a person with `kubectl edit`. */
export async function edit(
  object: KubernetesObject,
  { manager = "somebody", force = false } = {},
): Promise<KubernetesObject> {
  return await objects().apply(object, { fieldManager: manager, force });
}

/** A merge patch by hand, also of a subresource such as `status`. */
export async function patch(path: string, body: unknown): Promise<void> {
  const contentType = "application/merge-patch+json";
  await objects().server.call({ method: "PATCH", path, body, contentType, query: { fieldManager: "kubectl-edit" } });
}

/** Polls until `ask` gives what `good` accepts, and gives it back. */
export async function until<T>(ask: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after 60 s`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Resource options that name the test's cluster; once in each run of a program. */
export const inCluster = () => ({ provider: new Provider("cluster", { context: contextName, kubeconfig }) });
