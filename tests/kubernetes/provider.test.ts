/** The generic provider: what it does with any object, and the sentence that a person gets where something is wrong. */

import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Provider } from "@pulumi/kubernetes/provider";
import { endPods, makeReady, makeWait, podsOf } from "./pods";
import { changesOf, contextName, edit, inCluster, kubeconfig, objects, ownNamespace, patch, Stacks } from "./support";

const stacks = new Stacks();
afterAll(() => stacks.dispose());
const namespace = ownNamespace("provider");
afterAll(() => endPods(namespace));
const selector = { app: "service" };
const at = (name: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;

/** A stack of one program that a test changes between operations. */
const stackOf = (name: string, register: () => Record<string, unknown> | undefined) =>
  stacks.of(name, async () => register() ?? {});

interface Wanted {
  name: string;
  replicas?: number;
  label?: string;
  privileged?: boolean;
  seconds?: string;
  in?: string;
}
const deploy = ({
  name,
  replicas = 1,
  label = name,
  privileged = false,
  seconds = "60",
  in: where = namespace,
}: Wanted) => {
  const labels = { ...selector, app: label };
  const annotations = { "pulumi.com/timeoutSeconds": seconds };
  const container = { name: "service", image: "registry.example.com/nothing:1", securityContext: { privileged } };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  return new Deployment(
    name,
    {
      metadata: { name, namespace: where, annotations },
      spec: { replicas, selector: { matchLabels: labels }, template },
    },
    inCluster(),
  );
};

test("an up waits until pods are ready, and not only accepted", async () => {
  const stack = await stackOf("waits", () => void deploy({ name: "waits" }));
  let done = false;
  const up = stack.up().then((result) => {
    done = true;
    return result;
  });
  const [pod] = await podsOf(namespace, "app=waits", 1);
  if (pod === undefined) throw new Error("no pod");
  expect(done).toBe(false);
  await makeReady(pod, "10.1.0.1");
  expect(changesOf(await up).create).toBeGreaterThan(0);
  expect(changesOf(await stack.up())).toEqual({});
});

test("an image that cannot be pulled fails the up at once, with the image's name", async () => {
  const stack = await stackOf("pull", () => void deploy({ name: "pull" }));
  const up = expect(stack.up()).rejects.toThrow(
    /not-ready: Deployment provider\/pull is not ready: .*the image registry\.example\.com\/nothing:1 cannot be pulled: Back-off pulling/,
  );
  const [pod] = await podsOf(namespace, "app=pull", 1);
  if (pod) await makeWait(pod, "ImagePullBackOff", "Back-off pulling image");
  await up;
  // it is in the state, and the next up tries again
  const again = stack.up();
  if (pod) await makeReady(pod, "10.1.0.2");
  expect(changesOf(await again)).toEqual({ update: 1 });
});

test("a container that ends again and again fails the up at once, with its exit code", async () => {
  const stack = await stackOf("crash", () => void deploy({ name: "crash" }));
  const up = expect(stack.up()).rejects.toThrow(
    "container service ends again and again: started again 3 times, last with exit code 7; last words: no database",
  );
  const [pod] = await podsOf(namespace, "app=crash", 1);
  const ended = {
    lastState: { terminated: { exitCode: 7, message: "no database", reason: "Error" } },
    restartCount: 3,
  };
  if (pod) await makeWait(pod, "CrashLoopBackOff", "back-off 40s", ended);
  await up;
});

test("an exhausted quota fails the up at once, with what is used of it", async () => {
  const name = "exhausted";
  const labels = { name };
  await edit({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  await edit({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "small", namespace: name },
    spec: { hard: { pods: "0" } },
  });
  try {
    const stack = await stackOf("quota", () => void deploy({ name: "quota", in: name }));
    await expect(stack.up()).rejects.toThrow(
      "no pod can be made: quota small is exhausted (a pod takes pods=1; pods=0 of pods=0 are used)",
    );
  } finally {
    await objects().delete({ apiVersion: "v1", kind: "Namespace", name }, undefined);
  }
});

test("what Pod Security forbids fails the up at once, with what is forbidden", async () => {
  const name = "strict";
  const labels = { "pod-security.kubernetes.io/enforce": "baseline" };
  await edit({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  try {
    const stack = await stackOf("security", () => void deploy({ name: "security", in: name, privileged: true }));
    await expect(stack.up()).rejects.toThrow("no pod can be made: Pod Security baseline:latest forbids privileged");
  } finally {
    await objects().delete({ apiVersion: "v1", kind: "Namespace", name }, undefined);
  }
});

test("what never gets ready ends when its time is over, with what it waits for", async () => {
  const stack = await stackOf("slow", () => void deploy({ name: "slow", seconds: "1" }));
  await expect(stack.up()).rejects.toThrow(/Deployment provider\/slow is not ready after 1 s: Deployment slow: /);
});

test("what cannot be changed in place is replaced, told before by the preview", async () => {
  let wanted: Wanted = { name: "selector", replicas: 0 };
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
  const stack = await stackOf("fought", () => void deploy({ name: "fought", replicas }));
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
