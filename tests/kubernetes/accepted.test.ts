/** Everything that the components register, shown to the real API server: unknown or wrong fields are refused. */
import { kubernetesPlatform } from "../../components/platforms/kubernetes";
import { environmentNames } from "../../config/environment";
import type { KubernetesObject } from "../../kubernetes/client";
import { type Registration, release, runProgram, version } from "../components/support";
import { clusterConfig, objects, ownNamespace } from "./support";

const namespace = ownNamespace("accepted");
const platforms = { kubernetes: kubernetesPlatform };
const image = `registry.example.com/jobs@sha256:${"d".repeat(64)}`;

const search = {
  branchPrefix: "feature/search",
  slots: ["slot-5", "slot-6"],
  paths: ["/api/search"],
  health: { endpoints: ["/api/search/health"] },
  replicas: { min: 2, max: 5 },
};

/** Nothing stays of it: a dry run goes through admission and ends before the write. */
async function accepted(registrations: Registration[]): Promise<string[]> {
  const resources = registrations.filter(({ type }) => type.startsWith("kubernetes:"));
  const kinds: string[] = [];
  for (const { inputs } of resources) {
    const { status: _, ...object } = JSON.parse(JSON.stringify(inputs)) as KubernetesObject;
    if (object.metadata.namespace !== undefined) object.metadata.namespace = namespace;
    await objects().apply(object, { fieldManager: "test", force: true, dryRun: true });
    kinds.push(object.kind);
  }
  return kinds;
}

test.each(environmentNames)(
  "the cluster accepts all that environment %s and its teams register",
  async (environment) => {
    const config = {
      platform: "kubernetes",
      kubernetes: { ...clusterConfig, egress: ["10.0.0.0/8"], prometheus: true },
    };
    const { registrations, outputs } = await runProgram({
      stack: environment,
      stacks: { [environment]: {} },
      config,
      platforms,
    });
    const kinds = await accepted(registrations);
    expect(kinds.length).toBeGreaterThan(40);
    for (const [team, slots] of Object.entries({
      "ai-workflow": ["slot-3", "slot-4"],
      "realtime-collaboration": ["slot-1", "slot-2"],
    })) {
      const [first = "", second = ""] = slots;
      const held = version("a", { artifact: image, stopAfter: "2027-01-01T00:00:00Z" });
      const wanted = release({
        live: second,
        slots: { [first]: held, [second]: null },
        weights: { [first]: 0, [second]: 0 },
      });
      const stack = `${environment}.${team}`;
      const run = { stack, stacks: { [environment]: outputs, [stack]: {} }, platforms };
      const filled = await accepted((await runProgram({ ...run, config: { release: wanted } })).registrations);
      expect(filled.sort()).toEqual(["Deployment", "Deployment", "HTTPRoute", "Secret", "Secret"]);
      await accepted((await runProgram(run)).registrations);
    }
  },
);

test("the cluster accepts an environment that says all it can", async () => {
  const kubernetes = {
    ...clusterConfig,
    podSecurity: "baseline",
    storage: { class: "fast", accessMode: "ReadWriteOnce" },
  };
  const config = { kubernetes, deleteData: true, teams: { search } };
  const run = await runProgram({ stack: "staging", stacks: { staging: {} }, config, platforms });
  expect(await accepted(run.registrations)).toContain("HorizontalPodAutoscaler");
});

test("a field that its kind has not is refused, so that the tests above can fail", async () => {
  const config: KubernetesObject = {
    ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace } },
    dota: { a: "b" },
  };
  await expect(objects().apply(config, { fieldManager: "test", dryRun: true })).rejects.toThrow("dota");
});
