/** Whole stacks on the embedded engine and a real cluster: up, nothing to do, drift, down. */
import type { Stack } from "@pulumi/pulumi/automation";
import { release, version } from "../components/support";
import { changesOf, clusterConfig, objects, patch, Stacks } from "./support";

const stacks = new Stacks();
afterAll(() => stacks.dispose());

const search = {
  branchPrefix: "feature/search",
  slots: ["slot-5", "slot-6"],
  paths: ["/api/search"],
  health: { endpoints: ["/api/search/health"] },
};
const config = { kubernetes: clusterConfig, teams: { search }, secrets: { search: { KEY: "hush" } } };
const namespace = "staging-search";
const empty = { "slot-5": null, "slot-6": null };
const v1 = version("a", { artifact: "registry.example.com/search@sha256:aa" });

let environment: Stack;
const upTeam = async (change: object) => {
  const wanted = release({ slots: empty, weights: { "slot-5": 0, "slot-6": 0 }, ...change });
  const stack = await stacks.switchyard("staging.search", { release: wanted });
  return { stack, result: await stack.up() };
};
const route = () =>
  objects().get({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", name: "traffic", namespace });

test("an environment comes up in the cluster, and a second up changes nothing", async () => {
  environment = await stacks.switchyard("staging", config);
  const first = await environment.up();
  expect(changesOf(first).create).toBeGreaterThan(25);
  const found = await objects().get({ apiVersion: "v1", kind: "Namespace", name: namespace });
  expect(found?.metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
  expect(changesOf(await environment.up())).toEqual({});
  expect(changesOf(await environment.refresh())).toEqual({});
});

test("a team's stack comes up with empty slots, takes a version, and a second up changes nothing", async () => {
  const first = await upTeam({});
  expect(changesOf(first.result).create).toBe(11);
  expect(changesOf(await first.stack.up())).toEqual({});
  const filled = await upTeam({ revision: 2, slots: { "slot-5": v1, "slot-6": null } });
  expect(changesOf(filled.result)).toEqual({ update: 3 });
  const state = stacks.state("staging.search");
  expect(state).toContain("ciphertext");
  expect(state).not.toContain("hush");
  expect(state).not.toContain(Buffer.from("hush").toString("base64"));
  const secret = await objects().get({ apiVersion: "v1", kind: "Secret", name: "slot-5-env", namespace });
  expect(secret?.data).toEqual({ KEY: Buffer.from("hush").toString("base64") });
  expect(changesOf(await filled.stack.refresh())).toEqual({});
  expect(changesOf(await filled.stack.up())).toEqual({});
});

test("a switch of traffic is one change, and the outputs say what the cluster holds", async () => {
  const live = {
    revision: 3,
    live: "slot-5",
    slots: { "slot-5": v1, "slot-6": null },
    weights: { "slot-5": 100, "slot-6": 0 },
  };
  const { result } = await upTeam(live);
  expect(changesOf(result)).toEqual({ update: 1 });
  expect(result.outputs.weights?.value).toEqual({ "slot-5": 100, "slot-6": 0 });
  const held = await route();
  expect(held?.metadata.annotations).toMatchObject({ "switchyard.dev/revision": "3", "switchyard.dev/live": "slot-5" });
});

test("what a person changed by hand is seen by a refresh, and put back by an up", async () => {
  const path = `/api/v1/namespaces/${namespace}/resourcequotas/team`;
  await patch(path, { spec: { hard: { pods: "1000" } }, metadata: { labels: { "switchyard.dev/team": null } } });
  expect(changesOf(await environment.refresh())).toEqual({ update: 1 });
  expect(changesOf(await environment.up())).toEqual({ update: 1 });
  const quota = await objects().get({ apiVersion: "v1", kind: "ResourceQuota", name: "team", namespace });
  expect(quota).toMatchObject({
    spec: { hard: { pods: "6" } },
    metadata: { labels: { "switchyard.dev/team": "search" } },
  });
  expect(changesOf(await environment.up({ refresh: true }))).toEqual({});
});

test("what a person deleted by hand is made again", async () => {
  await objects().delete({ apiVersion: "v1", kind: "Service", name: "slot-5", namespace }, undefined);
  expect(changesOf(await environment.up({ refresh: true }))).toEqual({ create: 1 });
});

test("what the cluster's controllers write is no drift", async () => {
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", name: "slot-5", namespace };
  expect((await objects().get(deployment))?.status).toBeDefined();
  const { stack } = await upTeam({
    revision: 3,
    live: "slot-5",
    slots: { "slot-5": v1, "slot-6": null },
    weights: { "slot-5": 100, "slot-6": 0 },
  });
  expect(changesOf(await stack.up({ refresh: true }))).toEqual({});
});

test("the cluster refuses a route that is older than its own, also to a stack operation", async () => {
  const annotations = { "switchyard.dev/epoch": "7", "switchyard.dev/revision": "0" };
  const path = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/traffic`;
  await patch(path, { metadata: { annotations } });
  const older = {
    revision: 4,
    live: "slot-5",
    slots: { "slot-5": v1, "slot-6": null },
    weights: { "slot-5": 100, "slot-6": 0 },
  };
  await expect(upTeam(older)).rejects.toThrow("stale-epoch: epoch 1 revision 4 does not come after epoch 7 revision 0");
  expect((await route())?.metadata.annotations).toMatchObject(annotations);
});

test("all of it goes again, and the data stays until somebody says otherwise", async () => {
  const team = await stacks.switchyard("staging.search", {});
  await team.destroy();
  expect(await route()).toBeUndefined();
  const open = await stacks.switchyard("staging", { ...config, protect: false });
  await open.up();
  await open.destroy();
  expect(
    await objects().get({ apiVersion: "v1", kind: "PersistentVolumeClaim", name: "data", namespace }),
  ).toBeDefined();
  expect(await objects().get({ apiVersion: "v1", kind: "Service", name: "slot-5", namespace })).toBeUndefined();
});

test("an environment that comes up again finds its own namespace and data; with deleteData they go", async () => {
  const again = await stacks.switchyard("staging", { ...config, protect: false, deleteData: true });
  await again.up();
  await again.destroy();
  expect(await objects().get({ apiVersion: "v1", kind: "Namespace", name: namespace })).toBeUndefined();
});
