/** What the driver reads and writes past the stack, on the real cluster. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { kubernetesPlatform } from "../../components/platforms/kubernetes";
import { routeObject } from "../../components/platforms/kubernetes/route-object";
import type { RouteState, TeamSettings } from "../../config/settings";
import { release, version } from "../components/support";
import { endPods, makeReady, makeWait, podsOf } from "./pods";
import { clusterConfig, objects, patch, Stacks, until } from "./support";

const stacks = new Stacks();
const search = {
  branchPrefix: "feature/search",
  slots: ["slot-7", "slot-8"],
  paths: ["/api/search"],
  health: { endpoints: ["/api/search/health"] },
  replicas: { min: 1, max: 1 },
};
const { kubeconfig, ...withoutFile } = clusterConfig;
const config = {
  platform: "kubernetes",
  kubernetes: withoutFile,
  teams: { search },
  protect: false,
  deleteData: true,
};
const namespace = "prod-search";
const weights = (first: number, second: number) => ({ "slot-7": first, "slot-8": second });
const v1 = version("a", { artifact: "registry.example.com/search@sha256:aa" });
const v2 = version("b", { artifact: "registry.example.com/search@sha256:bb" });
const state = (change: Partial<RouteState>): RouteState => ({
  ...{ live: "slot-7", weights: weights(100, 0), epoch: 2, revision: 1, release: "r1" },
  ...change,
});

let settings: TeamSettings;
const live = () => kubernetesPlatform.live(settings);
const upTeam = async (change: object) => {
  const wanted = release({
    slots: { "slot-7": v1, "slot-8": null },
    live: "slot-7",
    weights: weights(100, 0),
    epoch: 2,
    ...change,
  });
  return (await stacks.switchyard("prod.search", { release: wanted })).up();
};
const routePath = `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/traffic`;
const heldRoute = () =>
  objects().get({ apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", name: "traffic", namespace });

/** Everybody has a kubeconfig of their own, with other credentials under the same context. */
function loginAs(user: string): void {
  const own = parse(readFileSync(kubeconfig, "utf8"));
  const contexts = [{ name: "test", context: { cluster: "test", user } }];
  process.env.KUBECONFIG = join(stacks.folder, `${user}.yaml`);
  writeFileSync(process.env.KUBECONFIG, stringify({ ...own, contexts }));
}
const before = process.env.KUBECONFIG;

beforeAll(async () => {
  loginAs("admin");
  const environment = await stacks.switchyard("prod", config);
  const { outputs } = await environment.up();
  settings = outputs["team:search"]?.value;
  await upTeam({ revision: 1 });
});
afterAll(async () => {
  loginAs("admin");
  await (await stacks.switchyard("prod.search", {})).destroy();
  await endPods(namespace);
  await (await stacks.switchyard("prod", config)).destroy();
  stacks.dispose();
  if (before === undefined) delete process.env.KUBECONFIG;
  else process.env.KUBECONFIG = before;
});

test("the route is what the cluster holds, and null before there is one", async () => {
  expect(await live().route()).toEqual(state({}));
  const elsewhere = {
    ...settings,
    kubernetes: settings.kubernetes && { ...settings.kubernetes, namespace: "default" },
  };
  expect(await kubernetesPlatform.live(elsewhere).route()).toBeNull();
});

test("the alarm rules are those that the environment registered", async () => {
  const rules = await live().rules();
  expect(rules.map(({ metric }) => metric)).toEqual(["error-rate", "latency-p99-ms", "unhealthy"]);
});

test("a slot tells its condition: empty, starting, failing with the reason, running", async () => {
  expect(await live().slot("slot-8")).toMatchObject({ state: "empty", version: null });
  const selector = "switchyard.dev/slot=slot-7";
  const [pod] = await podsOf(namespace, selector, 1);
  if (pod === undefined) throw new Error("no pod");
  await until(
    () => live().slot("slot-7"),
    ({ state: is }) => is === "starting",
  );
  await makeWait(pod, "ImagePullBackOff", "Back-off pulling image");
  expect(await live().slot("slot-7")).toEqual({
    state: "failing",
    version: v1.version,
    detail: `Deployment slot-7: pod ${pod.metadata.name}: the image ${v1.artifact} cannot be pulled: Back-off pulling image`,
  });
  await makeReady(pod, "10.2.0.1");
  const running = await until(
    () => live().slot("slot-7"),
    ({ state: is }) => is === "running",
  );
  expect(running).toEqual({ state: "running", version: v1.version, detail: "1 of 1 pods are ready" });
});

test("a slot is healthy when it has ready endpoints and the Gateway took the route as it is now", async () => {
  const healthy = async () => {
    const { slots } = await live().traffic();
    return [slots["slot-7"]?.healthy, slots["slot-8"]?.healthy];
  };
  expect(await healthy()).toEqual([null, null]);
  const answer = async (accepted: "True" | "False", generation: number) => {
    const condition = (type: string, status: string) => ({
      ...{ type, status, observedGeneration: generation, reason: "Test", message: "" },
      lastTransitionTime: new Date().toISOString(),
    });
    const parentRef = { name: "entry", namespace: "switchyard-prod" };
    const conditions = [condition("Accepted", accepted), condition("ResolvedRefs", "True")];
    await patch(`${routePath}/status`, {
      status: { parents: [{ parentRef, controllerName: "example.com/test", conditions }] },
    });
  };
  const generation = (await heldRoute())?.metadata.generation ?? 0;
  await answer("True", generation - 1);
  expect(await healthy()).toEqual([null, null]);
  await answer("True", generation);
  expect(await until(healthy, ([first]) => first === true)).toEqual([true, false]);
  await answer("False", generation);
  expect(await healthy()).toEqual([false, false]);
});

test("a rollback past the stack moves the weights, and the stack goes on owning the route", async () => {
  const back = state({ live: null, weights: weights(0, 0), revision: 2, release: "r2" });
  await live().setRoute(back);
  expect(await live().route()).toEqual(back);
  const managers = (await heldRoute())?.metadata.managedFields?.filter(({ operation }) => operation === "Apply");
  expect(managers?.map(({ manager }) => manager)).toEqual([expect.stringMatching(/^pulumi-kubernetes-/)]);
  await upTeam({ revision: 3 });
  expect(await live().route()).toEqual(state({ revision: 3 }));
});

test("an older driver's rollback is refused, and one that races loses by its epoch", async () => {
  const newer = state({ epoch: 3, revision: 0, weights: weights(50, 50) });
  await live().setRoute(newer);
  await expect(live().setRoute(state({ revision: 9 }))).rejects.toMatchObject({ code: "stale-epoch" });
  const racing = [1, 2, 3, 4, 5].map((revision) => live().setRoute(state({ epoch: 3, revision })));
  const results = await Promise.allSettled(racing);
  expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
  expect((await live().route())?.revision).toBe(5);
});

test("a writer that does not ask us is refused by the cluster itself", async () => {
  const { kubernetes } = settings;
  if (kubernetes === undefined) throw new Error("no kubernetes");
  const targetGroups = { "slot-7": "slot-7", "slot-8": "slot-8" };
  const old = routeObject(kubernetes, settings, { paths: ["/api/search"], targetGroups, state: state({ epoch: 1 }) });
  await expect(objects().apply({ ...old }, { fieldManager: "raw", force: true })).rejects.toThrow(
    "stale-epoch: epoch 1 revision 1",
  );
  const same = state({ epoch: 3, revision: 5, weights: weights(1, 99) });
  const changed = routeObject(kubernetes, settings, { paths: ["/api/search"], targetGroups, state: same });
  await expect(objects().apply({ ...changed }, { fieldManager: "raw", force: true })).rejects.toThrow("stale-epoch");
});

test("a new version in the idle slot leaves the live slot's pods alone", async () => {
  const selector = "switchyard.dev/slot=slot-7";
  const [before] = await podsOf(namespace, selector, 1);
  await upTeam({ epoch: 4, revision: 0, slots: { "slot-7": v1, "slot-8": v2 } });
  await podsOf(namespace, "switchyard.dev/slot=slot-8", 1);
  const [after] = await podsOf(namespace, selector, 1);
  expect(after?.metadata.uid).toBe(before?.metadata.uid);
});

test("a slot whose pods have not started has no log yet", async () => {
  expect(await live().logs("slot-8", 10)).toEqual([]);
});

describe("by the team's own roles", () => {
  afterEach(() => loginAs("admin"));

  test("a driver may release, and see all that it needs for that", async () => {
    loginAs("driver");
    await upTeam({ epoch: 5, revision: 0, slots: { "slot-7": v1, "slot-8": v2 } });
    await live().setRoute(state({ epoch: 5, revision: 1, weights: weights(0, 100), live: "slot-8" }));
    expect((await live().route())?.live).toBe("slot-8");
    expect((await live().slot("slot-8")).version).toBe(v2.version);
    expect((await live().traffic()).slots["slot-8"]).toBeDefined();
    expect(await live().rules()).toHaveLength(3);
    expect(await live().logs("slot-8", 1)).toEqual([]);
    const change = { slots: { "slot-7": null, "slot-8": v2 }, live: "slot-8", weights: weights(0, 100) };
    await upTeam({ epoch: 6, revision: 0, ...change });
    expect((await live().slot("slot-7")).state).toBe("empty");
  });

  test("a driver may change nothing that is permanent, and not its own quota", async () => {
    const driver = objects("driver");
    const labels = { a: "b" };
    const touch = (apiVersion: string, kind: string, name: string) =>
      driver.apply({ apiVersion, kind, metadata: { name, namespace, labels } }, { fieldManager: "test", dryRun: true });
    await expect(touch("v1", "ResourceQuota", "team")).rejects.toThrow("is forbidden");
    await expect(touch("v1", "Service", "slot-7")).rejects.toThrow("is forbidden");
    await expect(touch("networking.k8s.io/v1", "NetworkPolicy", "dns")).rejects.toThrow("is forbidden");
    await expect(touch("rbac.authorization.k8s.io/v1", "Role", "release")).rejects.toThrow("is forbidden");
    const elsewhere = { apiVersion: "v1", kind: "Secret", name: "x", namespace: "default" };
    await expect(driver.get(elsewhere)).rejects.toThrow("is forbidden");
  });

  test("a member of the team may look, and see no secret and change nothing", async () => {
    loginAs("member");
    expect((await live().route())?.epoch).toBeGreaterThan(0);
    expect((await live().slot("slot-8")).version).toBe(v2.version);
    const secret = { apiVersion: "v1", kind: "Secret", name: "slot-8-env", namespace };
    await expect(objects("member").get(secret)).rejects.toThrow("is forbidden");
    await expect(live().setRoute(state({ epoch: 9 }))).rejects.toMatchObject({ code: "cluster-refused" });
  });
});
