/** An environment on a cluster that nobody asks: what its programs register. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { kubernetesPlatform } from "../../../components/platforms/kubernetes";
import type { ReleaseConfig } from "../../../config/settings";
import { type Registration, runProgram } from "../support";

export const contextName = "staging-cluster";

/** Writes a kubeconfig with that one context and lets it be the machine's own, until the tests of the file have ended. */
export function withKubeconfig(): void {
  const before = process.env.KUBECONFIG;
  const folder = mkdtempSync(join(tmpdir(), "switchyard-kubeconfig-"));
  beforeAll(() => {
    const file = join(folder, "config");
    writeFileSync(file, kubeconfigText("https://10.0.0.1:6443"));
    process.env.KUBECONFIG = file;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
    rmSync(folder, { recursive: true });
  });
}

export const kubeconfigText = (server: string): string =>
  stringify({
    clusters: [{ name: "cluster", cluster: { server } }],
    users: [{ name: "user", user: { token: "t" } }],
    contexts: [{ name: contextName, context: { cluster: "cluster", user: "user" } }],
    "current-context": contextName,
  });

export const cluster = {
  context: contextName,
  url: "https://staging.example.com",
  gateway: { class: "traefik", namespace: "traefik" },
};

const platforms = { kubernetes: kubernetesPlatform };

export const environment = (config: Record<string, unknown> = {}, last: Record<string, unknown> = {}) =>
  runProgram({
    stack: "staging",
    stacks: { staging: last },
    config: { kubernetes: cluster, ...config },
    secretKeys: ["secrets"],
    platforms,
  });

/** A team's stack on an environment as that published it. */
export const team = (
  name: string,
  published: Record<string, unknown>,
  release?: ReleaseConfig,
  held: Record<string, unknown> = {},
) =>
  runProgram({
    stack: `staging.${name}`,
    stacks: { staging: published, [`staging.${name}`]: held },
    config: release === undefined ? {} : { release },
    platforms,
  });

/** What is registered, as a person reads it in a review: by type and name, without the components, and as YAML. */
export function asText(registrations: Registration[]): string {
  const resources = registrations.filter(({ type }) => !type.startsWith("switchyard:"));
  const named = resources.map(({ type, name, inputs, protect, ignoreChanges, retainOnDelete }) => {
    const options = [
      protect && "protected",
      retainOnDelete && "kept when deleted",
      ...ignoreChanges.map((path) => `ignores ${path}`),
    ];
    const note = options.filter(Boolean).join(", ");
    const { apiVersion: _, kind: __, status: ___, ...body } = inputs;
    return [`${type} ${name}${note === "" ? "" : ` (${note})`}`, body] as const;
  });
  const sorted = named.sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([title, body]) => `# ${title}\n${stringify(body, { lineWidth: 0 })}`).join("\n");
}
