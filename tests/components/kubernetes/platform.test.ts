import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TeamSettings } from "../../../config/settings";
import { recordOf, release, version } from "../support";
import { cluster, contextName, environment, kubeconfigText, team, withKubeconfig } from "./support";

withKubeconfig();

const v1 = version("a", { artifact: "registry.example.com/jobs@sha256:aa" });
const v2 = version("b", { artifact: "registry.example.com/jobs@sha256:bb" });
const live = release({
  live: "slot-3",
  slots: { "slot-3": v1, "slot-4": null },
  weights: { "slot-3": 100, "slot-4": 0 },
});

test("a context that the kubeconfig has not is refused before anything is registered", async () => {
  const run = environment({ kubernetes: { ...cluster, context: "prod" } });
  await expect(run).rejects.toThrow(
    /^There is no context "prod" in .*; it has staging-cluster\. .* \[cluster-context\]$/,
  );
});

test("a context that leads to another server than the environment's is refused, for environments and teams", async () => {
  const there = { ...cluster, server: "https://10.0.0.1:6443/" };
  const { outputs } = await environment({ kubernetes: there });
  const file = join(tmpdir(), `switchyard-other-${process.pid}`);
  writeFileSync(file, kubeconfigText("https://10.9.9.9:6443"));
  const refusal =
    "Context staging-cluster leads to https://10.9.9.9:6443, and this environment lives at https://10.0.0.1:6443.";
  try {
    await expect(environment({ kubernetes: { ...there, kubeconfig: file } })).rejects.toThrow(refusal);
    const settings = outputs["team:ai-workflow"] as TeamSettings;
    const elsewhere = { ...settings, kubernetes: { ...settings.kubernetes, kubeconfig: file } };
    await expect(team("ai-workflow", { "team:ai-workflow": elsewhere })).rejects.toThrow(refusal);
  } finally {
    rmSync(file);
  }
});

test("an environment on Kubernetes that names no cluster is told what to write", async () => {
  await expect(environment({ kubernetes: undefined })).rejects.toThrow(
    "Pulumi.staging.yaml: switchyard:kubernetes: found nothing, expected the cluster that the platform kubernetes runs on.",
  );
});

test("every object goes to the context that the environment names", async () => {
  const { registrations } = await environment();
  const [provider] = registrations.filter(({ type }) => type === "pulumi:providers:kubernetes");
  // and not this machine's KUBECONFIG, which the next machine has not
  expect(provider?.inputs).toEqual({ context: contextName });
  const objects = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
  expect(objects.length).toBeGreaterThan(30);
  expect(objects.filter(({ provider: given }) => given !== "cluster").map(({ name }) => name)).toEqual([]);
});

test("a slot's Deployment is the same object in every version: only what runs in it changes", async () => {
  const { outputs } = await environment();
  const specOf = async (wanted: typeof live, slot: string) => {
    const { registrations } = await team("ai-workflow", outputs, wanted);
    const found = registrations.find(
      ({ type, name }) => type === "kubernetes:apps/v1:Deployment" && name.endsWith(slot),
    );
    return found?.inputs as { metadata: { name: string }; spec: { selector: object; replicas?: number } };
  };
  const [empty, filled] = [await specOf(live, "slot-4"), await specOf(live, "slot-3")];
  const replaced = await specOf(release({ ...live, slots: { "slot-3": v2, "slot-4": null } }), "slot-3");
  expect(replaced.spec.selector).toEqual(filled.spec.selector);
  expect(replaced.metadata.name).toBe(filled.metadata.name);
  expect(JSON.stringify(filled.spec.selector)).not.toContain(v1.version.slice(0, 12));
  expect([empty.spec.replicas, filled.spec.replicas]).toEqual([0, 2]);
});

test("the quota has room for both slots at their largest, and one more in each while it rolls", async () => {
  const { registrations } = await environment({
    teams: {
      search: {
        branchPrefix: "feature/search",
        slots: ["slot-5", "slot-6"],
        paths: ["/api/search"],
        health: { endpoints: ["/health"] },
        replicas: { min: 2, max: 4 },
        quotas: { memoryMb: 100, cpus: 0.5 },
      },
    },
  });
  const quota = registrations.find(({ type }) => type === "kubernetes:core/v1:ResourceQuota");
  expect(quota?.inputs.spec).toMatchObject({
    hard: { pods: "10", "limits.cpu": "5000m", "limits.memory": "1000Mi", "requests.cpu": "5000m" },
  });
});

test("both slots are always in the route, and its outputs say what the object says", async () => {
  const { outputs } = await environment();
  const { registrations, outputs: published } = await team("ai-workflow", outputs, live);
  const route = registrations.find(({ type }) => type.endsWith(":HTTPRoute"));
  expect(route?.inputs.spec).toMatchObject({
    rules: [
      {
        backendRefs: [
          { name: "slot-3", weight: 100 },
          { name: "slot-4", weight: 0 },
        ],
      },
    ],
  });
  const { id, epoch, revision, weights } = live;
  expect(published).toMatchObject({ live: "slot-3", weights, epoch, revision, release: id });
  expect((await team("ai-workflow", outputs)).outputs).toMatchObject({ live: null, epoch: 0, release: "" });
});

test("a team's stack has room for its images in 15 registrations", async () => {
  const { outputs } = await environment();
  const staged = release({ ...live, revision: 2, slots: { "slot-3": v1, "slot-4": v2 } });
  const { registrations } = await team("ai-workflow", outputs, staged, recordOf(live));
  // an image is a component and its resource
  expect(registrations.length + 1 + 2 * 2).toBeLessThanOrEqual(15 + 1);
});

test("a team's secrets are in its slots' Secrets and nowhere else in the cluster", async () => {
  const { outputs } = await environment({ secrets: { "ai-workflow": { KEY: "hush" } } });
  const { registrations } = await team("ai-workflow", outputs, live);
  const holding = registrations.filter(
    ({ type, inputs }) => type.startsWith("kubernetes:") && JSON.stringify(inputs).includes("hush"),
  );
  expect(holding.map(({ type, name }) => `${type} ${name}`)).toEqual(["kubernetes:core/v1:Secret ai-workflow-slot-3"]);
});

test("where requests arrive may change under running teams; the cluster may not", async () => {
  const { outputs } = await environment();
  const other = { ...cluster, url: "https://elsewhere.example.com" };
  await expect(environment({ kubernetes: other }, outputs)).resolves.toBeDefined();
});
