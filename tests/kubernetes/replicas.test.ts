/** Who says how many pods a slot has. */
import type { Reference } from "../../kubernetes/client";
import { release, version } from "../components/support";
import { clusterConfig, edit, objects, patch, Stacks } from "./support";

const stacks = new Stacks();
const team = (number: number, replicas: object) => ({
  branchPrefix: `feature/team-${number}`,
  slots: ["slot-1", "slot-2"],
  paths: [`/api/team-${number}`],
  health: { endpoints: ["/health"] },
  replicas,
});
const teams = { scaled: team(1, { min: 2, max: 6 }), fixed: team(2, { min: 3, max: 3 }) };
const config = { platform: "kubernetes", kubernetes: clusterConfig, teams, protect: false, deleteData: true };
const [v1, v2] = [
  version("a", { artifact: "example.com/a@sha256:aa" }),
  version("b", { artifact: "example.com/b@sha256:bb" }),
];

const upTeam = async (name: string, revision: number, first: typeof v1 | null) => {
  const slots = { "slot-1": first, "slot-2": null };
  const wanted = release({ revision, slots, weights: { "slot-1": 0, "slot-2": 0 } });
  await (await stacks.switchyard(`dev.${name}`, { release: wanted })).up();
};
const deployment = (name: string): Reference => ({
  ...{ apiVersion: "apps/v1", kind: "Deployment", name: "slot-1", namespace: `dev-${name}` },
});
const replicasOf = async (name: string) => {
  const found = await objects().get<{ apiVersion: string; kind: string; metadata: object; spec: { replicas: number } }>(
    deployment(name),
  );
  return found?.spec.replicas;
};
/** As an autoscaler does it, and `kubectl scale`. */
const scale = (name: string, replicas: number) =>
  patch(`/apis/apps/v1/namespaces/dev-${name}/deployments/slot-1/scale`, { spec: { replicas } });

beforeAll(async () => {
  await (await stacks.switchyard("dev", config)).up();
});
afterAll(async () => {
  for (const name of Object.keys(teams)) await (await stacks.switchyard(`dev.${name}`, {})).destroy();
  await (await stacks.switchyard("dev", config)).destroy();
  stacks.dispose();
});

test("an autoscaled slot leaves the number to the autoscaler, and is emptied all the same", async () => {
  await upTeam("scaled", 1, null);
  expect(await replicasOf("scaled")).toBe(0);
  await upTeam("scaled", 2, v1);
  expect(await replicasOf("scaled")).toBe(1);
  await scale("scaled", 5);
  await upTeam("scaled", 3, v2);
  expect(await replicasOf("scaled")).toBe(5);
  await upTeam("scaled", 4, null);
  expect(await replicasOf("scaled")).toBe(0);
});

test("a slot of a fixed number gets it back with its next version, after a person scaled it by hand", async () => {
  await upTeam("fixed", 1, v1);
  expect(await replicasOf("fixed")).toBe(3);
  await scale("fixed", 1);
  await upTeam("fixed", 2, v2);
  expect(await replicasOf("fixed")).toBe(3);
});

test("a route that somebody applied over is put right by the next release", async () => {
  const reference = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    name: "traffic",
    namespace: "dev-fixed",
  };
  const held = await objects().get(reference);
  const { spec, ...meta } = JSON.parse(JSON.stringify(held));
  const { name, namespace } = meta.metadata;
  const annotations = { "switchyard.dev/epoch": "1", "switchyard.dev/revision": "3" };
  spec.rules[0].backendRefs[0].weight = 77;
  const applied = { apiVersion: meta.apiVersion, kind: meta.kind, metadata: { name, namespace, annotations }, spec };
  await edit(applied, { manager: "helm", force: true });
  await upTeam("fixed", 4, v2);
  const now = JSON.stringify((await objects().get(reference))?.spec);
  expect(now).not.toContain("77");
});
