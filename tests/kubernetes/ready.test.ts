/** When a stack operation ends that brings pods up: when they are ready, or as soon as the cluster says why they never will be. */
import { deploy } from "./deploy";
import { endPods, makeReady, makeWait, podsOf } from "./pods";
import { changesOf, edit, objects, ownNamespace, Stacks } from "./support";

const stacks = new Stacks();
afterAll(() => stacks.dispose());
const namespace = ownNamespace("ready");
afterAll(() => endPods(namespace));
const stackOf = (name: string, register: () => void) =>
  stacks.of(name, async () => {
    register();
    return {};
  });

test("an up waits until pods are ready, and not only accepted", async () => {
  const stack = await stackOf("waits", () => void deploy({ name: "waits", in: namespace }));
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
  const stack = await stackOf("pull", () => void deploy({ name: "pull", in: namespace }));
  const up = expect(stack.up()).rejects.toThrow(
    /not-ready: Deployment ready\/pull is not ready: .*the image registry\.example\.com\/nothing:1 cannot be pulled: Back-off pulling/,
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
  const stack = await stackOf("crash", () => void deploy({ name: "crash", in: namespace }));
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
  const stack = await stackOf("slow", () => void deploy({ name: "slow", seconds: "1", in: namespace }));
  await expect(stack.up()).rejects.toThrow(/Deployment ready\/slow is not ready after 1 s: Deployment slow: /);
});
