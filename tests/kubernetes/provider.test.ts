/** The generic provider: what it does with any object, and the sentence that a person gets where something is wrong. */
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { CustomResourceDefinition } from "@pulumi/kubernetes/apiextensions/v1/customResourceDefinition";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Provider } from "@pulumi/kubernetes/provider";
import { deploy, type Wanted } from "./deploy";
import {
  changesOf,
  contextName,
  edit,
  inCluster,
  kubeconfig,
  objects,
  ownNamespace,
  patch,
  Stacks,
  until,
} from "./support";

const stacks = new Stacks();
afterAll(() => stacks.dispose());
const namespace = ownNamespace("provider");
const at = (name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** A stack of one program that a test changes between operations. */
const stackOf = (name: string, register: () => Record<string, unknown> | undefined) =>
  stacks.of(name, async () => register() ?? {});

test("what cannot be changed in place is replaced, told before by the preview", async () => {
  let wanted: Wanted = { name: "selector", replicas: 0, in: namespace };
  const stack = await stackOf("selector", () => void deploy(wanted));
  await stack.up();
  wanted = { ...wanted, label: "other" };
  expect((await stack.preview()).changeSummary).toMatchObject({ replace: 1 });
  await stack.up();
  const found = await objects().get({ apiVersion: "apps/v1", kind: "Deployment", name: "selector", namespace });
  expect(found?.spec).toMatchObject({ selector: { matchLabels: { app: "other" } } });
});

test("an object that is there already is not taken, and says whose it is", async () => {
  await edit(
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs", namespace }, data: { a: "1" } },
    { manager: "helm" },
  );
  const program = () =>
    void new ConfigMap("theirs", { metadata: { name: "theirs", namespace }, data: { a: "2" } }, inCluster());
  const stack = await stackOf("theirs", program);
  await expect(stack.up()).rejects.toThrow(
    "cluster-refused: ConfigMap provider/theirs is there already, made by helm.",
  );
});

test("an object whose record was lost with its driver is found again", async () => {
  const program = () =>
    void new ConfigMap("lost", { metadata: { name: "lost", namespace }, data: { a: "1" } }, inCluster());
  const stack = await stackOf("lost", program);
  await stack.up();
  const { deployment } = await stack.exportStack();
  await stack.importStack({ version: 3, deployment: { ...deployment, resources: [] } });
  expect(changesOf(await stack.up()).create).toBeGreaterThan(0);
});

test("fields that another tool or a controller holds are not fought over", async () => {
  let replicas = 0;
  const stack = await stackOf("fought", () => void deploy({ name: "fought", replicas, in: namespace }));
  await stack.up();
  const scale = {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "fought", namespace },
    spec: { replicas: 0 },
  };
  await patch(`${at("fought")}/scale`, { ...scale, spec: { replicas: 3 } });
  replicas = 1;
  await expect(stack.up()).rejects.toThrow("Deployment provider/fought: kubectl-edit owns .spec.replicas");
});

test("objects without a name get one, and keep it", async () => {
  let value = "1";
  const stack = await stackOf("named", () => {
    const made = new ConfigMap("named", { metadata: { namespace }, data: { value } }, inCluster());
    return { name: made.metadata.name };
  });
  const first = await stack.up();
  expect(first.outputs.name?.value).toMatch(/^named-[0-9a-f]{8}$/);
  value = "2";
  expect((await stack.up()).outputs.name?.value).toBe(first.outputs.name?.value);
});

test("a kind that the cluster has not is named, with what to install", async () => {
  const program = () => {
    new CustomResource(
      "x",
      { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "x", namespace } },
      inCluster(),
    );
  };
  await expect((await stackOf("widget", () => void program())).up()).rejects.toThrow(
    `cluster-lacks: The cluster of context ${contextName} has no kind Widget in example.com/v1.`,
  );
});

test("who may not do it is told so, and nothing is changed", async () => {
  const program = () => {
    const nobody = new Provider("nobody", { context: "nobody", kubeconfig });
    new Namespace("forbidden", { metadata: { name: "forbidden" } }, { provider: nobody });
  };
  await expect((await stackOf("forbidden", () => void program())).up()).rejects.toThrow(
    /cluster-refused: nobody: namespaces "forbidden" is forbidden: User "nobody"/,
  );
});

test("two contexts in one program are two clusters' worth of care: each object goes by its own", async () => {
  const program = () => {
    new ConfigMap("mine", { metadata: { name: "mine", namespace }, data: {} }, inCluster());
    const nobody = new Provider("nobody", { context: "nobody", kubeconfig });
    new ConfigMap("other", { metadata: { name: "other", namespace }, data: {} }, { provider: nobody });
  };
  await expect((await stackOf("two", () => void program())).up()).rejects.toThrow('User "nobody"');
  expect(await objects().get({ apiVersion: "v1", kind: "ConfigMap", name: "other", namespace })).toBeUndefined();
});

describe("an object that does not go", () => {
  const name = "stuck";
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  const reference = { apiVersion: "v1", kind: "ConfigMap", name, namespace };
  const program = () => {
    const annotations = { "pulumi.com/timeoutSeconds": "1" };
    new ConfigMap(name, { metadata: { name, namespace, annotations }, data: {} }, inCluster());
  };

  test("is named with what holds it up, and goes with the next destroy", async () => {
    const stack = await stackOf(name, () => void program());
    await stack.up();
    await patch(path, { metadata: { finalizers: ["example.com/never"] } });
    await expect(stack.destroy()).rejects.toThrow(
      "not-ready: ConfigMap provider/stuck is still there: its finalizers example.com/never have not been carried out",
    );
    await patch(path, { metadata: { finalizers: [] } });
    await stack.destroy();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
  });

  test("is waited for by the one that takes its place", async () => {
    await edit({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, finalizers: ["example.com/slow"] },
    });
    await objects().delete(reference, undefined);
    const before = await objects().get(reference);
    expect(before?.metadata.deletionTimestamp).toBeDefined();
    const stack = await stackOf("place", () => {
      new ConfigMap(name, { metadata: { name, namespace }, data: {} }, inCluster());
      return undefined;
    });
    const up = stack.up();
    await patch(path, { metadata: { finalizers: [] } });
    await up;
    expect((await objects().get(reference))?.metadata.uid).not.toBe(before?.metadata.uid);
  });
});

test("an object of the same name that somebody else made in the meantime is not deleted", async () => {
  const name = "reused";
  const reference = { apiVersion: "v1", kind: "ConfigMap", name, namespace };
  const stack = await stackOf(
    name,
    () => void new ConfigMap(name, { metadata: { name, namespace }, data: {} }, inCluster()),
  );
  await stack.up();
  await objects().delete(reference, undefined);
  await edit({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { theirs: "1" } });
  await stack.destroy();
  expect(await objects().get(reference)).toMatchObject({ data: { theirs: "1" } });
});

test("a kind and an object of it come and go in one program, and an object whose kind is gone is gone", async () => {
  const names = { plural: "gadgets", singular: "gadget", kind: "Gadget" };
  const group = "test.switchyard.dev";
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const versions = [{ name: "v1", served: true, storage: true, schema }];
  const program = () => {
    const { provider } = inCluster();
    const spec = { group, names, scope: "Namespaced", versions };
    const definition = new CustomResourceDefinition(
      "gadgets",
      { metadata: { name: `gadgets.${group}` }, spec },
      { provider },
    );
    const args = { apiVersion: `${group}/v1`, kind: "Gadget", metadata: { name: "g", namespace }, spec: { size: 1 } };
    new CustomResource("g", args, { provider, dependsOn: [definition] });
  };
  const stack = await stackOf("gadgets", () => void program());
  await stack.up();
  expect(changesOf(await stack.up())).toEqual({});
  await stack.destroy();
  await stack.up();
  const definition = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    name: `gadgets.${group}`,
  };
  await objects().delete(definition, undefined);
  await until(
    async () => await objects().kind({ apiVersion: `${group}/v1`, kind: "Gadget" }),
    (kind) => kind === undefined,
  );
  // a driver of its own, which has not seen the kind
  await (await stackOf("gadgets", () => void program())).destroy();
  expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
});
