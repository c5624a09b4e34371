/** Golden previews: what each program registers on Kubernetes, in `__snapshots__`. A change of them is for review; `jest -u` writes them. */
import { recordOf, release, version } from "../support";
import { asText, environment, team, withKubeconfig } from "./support";

withKubeconfig();

const digest = `registry.example.com/jobs@sha256:${"d".repeat(64)}`;
const first = version("a", { artifact: digest });
const second = version("b", { artifact: digest.replaceAll("d", "e") });

test("the environment, with the teams that ship", async () => {
  const { registrations } = await environment();
  expect(asText(registrations)).toMatchSnapshot();
});

test("the environment, with one team that says all it can", async () => {
  const { registrations } = await environment({
    kubernetes: {
      context: "staging-cluster",
      url: "https://staging.example.com",
      gateway: { class: "envoy", namespace: "envoy", port: 8443 },
      podSecurity: "baseline",
      storage: { class: "fast", accessMode: "ReadWriteOnce" },
      prometheus: true,
      egress: ["10.20.0.0/16"],
    },
    protect: false,
    deleteData: true,
    teams: {
      search: {
        branchPrefix: "feature/search",
        slots: ["slot-5", "slot-6"],
        paths: ["/api/search"],
        health: { endpoints: ["/api/search/health"] },
        metrics: ["queries_running"],
        replicas: { min: 3, max: 9, cpuPercent: 60 },
        quotas: { memoryMb: 256, cpus: 0.25, diskMb: 100 },
      },
    },
  });
  expect(asText(registrations)).toMatchSnapshot();
});

test("a team without a release: two empty slots and a route without traffic", async () => {
  const { outputs } = await environment();
  const { registrations } = await team("ai-workflow", outputs);
  expect(asText(registrations)).toMatchSnapshot();
});

test("a team in the middle of a switch", async () => {
  const { outputs } = await environment({ secrets: { "ai-workflow": { KEY: "hush" } } });
  const staged = release({
    live: "slot-3",
    slots: { "slot-3": first, "slot-4": second },
    weights: { "slot-3": 100, "slot-4": 0 },
  });
  const shifted = release({ ...staged, revision: 2, weights: { "slot-3": 50, "slot-4": 50 } });
  const { registrations } = await team("ai-workflow", outputs, shifted, recordOf(staged));
  expect(asText(registrations)).toMatchSnapshot();
});
