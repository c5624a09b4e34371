/** When an object counts as made: when it works, by the cluster's own word. */
import { setTimeout as wait } from "node:timers/promises";
import { SwitchyardError } from "../../config/errors";
import { type KubernetesObject, type Objects, referenceOf } from "../client";
import { type DeploymentObject, deploymentReport, type PodObject, podReport, type Report } from "../conditions";
import { annotations, describe } from "./object";

const defaultTimeoutSeconds = 600;
const firstPauseMs = 50;
const longestPauseMs = 1_000;
/** Conditions lag behind what they are about: only what goes on failing has failed. */
const failingForMs = 3_000;

const timeoutMs = ({ metadata }: KubernetesObject): number => {
  const seconds = Number(metadata.annotations?.[annotations.timeoutSeconds] ?? defaultTimeoutSeconds);
  return (Number.isFinite(seconds) ? seconds : defaultTimeoutSeconds) * 1000;
};

/** The object when it is ready. Throws `not-ready` with the cluster's reason: at once where waiting does not help. */
export async function whenReady(objects: Objects, applied: KubernetesObject): Promise<KubernetesObject> {
  if (applied.metadata.annotations?.[annotations.skipAwait] === "true") return applied;
  const deadline = Date.now() + timeoutMs(applied);
  let object = applied;
  let pauseMs = firstPauseMs;
  let failingSince: number | undefined;
  for (;;) {
    const report = await reportOf(objects, object);
    if (report.state === "ready") return object;
    failingSince = report.state === "failing" ? (failingSince ?? Date.now()) : undefined;
    const failed = failingSince !== undefined && Date.now() - failingSince >= failingForMs;
    if (failed || Date.now() >= deadline) {
      const late = failed ? "" : ` after ${timeoutMs(applied) / 1000} s`;
      throw new SwitchyardError("not-ready", `${describe(applied)} is not ready${late}: ${report.detail}`);
    }
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
    const found = await objects.get(referenceOf(object));
    if (found === undefined)
      throw new SwitchyardError("not-ready", `${describe(applied)} was deleted while it got ready`);
    object = found;
  }
}

interface Counted extends KubernetesObject {
  spec: { replicas?: number; completions?: number; type?: string };
  status?: {
    observedGeneration?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
    loadBalancer?: { ingress?: unknown[] };
    conditions?: { type: string; status: string; message?: string }[];
  };
}

const ready: Report = { state: "ready", detail: "" };
const progressing = (detail: string): Report => ({ state: "progressing", detail });

/** Of a kind that says nothing about itself, it is enough that it is there. */
async function reportOf(objects: Objects, object: KubernetesObject): Promise<Report> {
  const { spec = {}, status = {}, metadata } = object as Counted;
  const isTrue = (type: string) =>
    status.conditions?.find((condition) => condition.type === type && condition.status === "True");
  const seen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  switch (`${object.apiVersion.split("/")[0]} ${object.kind}`) {
    case "apps Deployment":
      return await deploymentReport(objects, object as DeploymentObject);
    case "apps StatefulSet": {
      const wanted = spec.replicas ?? 1;
      const done = seen && (status.updatedReplicas ?? 0) >= wanted && (status.readyReplicas ?? 0) >= wanted;
      return done ? ready : progressing(`${status.readyReplicas ?? 0} of ${wanted} pods are ready`);
    }
    case "apps DaemonSet": {
      const wanted = status.desiredNumberScheduled ?? 0;
      const done = seen && (status.updatedNumberScheduled ?? 0) >= wanted && (status.numberAvailable ?? 0) >= wanted;
      return done ? ready : progressing(`${status.numberAvailable ?? 0} of ${wanted} pods are ready`);
    }
    case "batch Job": {
      const failed = isTrue("Failed");
      if (failed) return { state: "failing", detail: failed.message ?? "it failed" };
      return isTrue("Complete") ? ready : progressing("it has not ended yet");
    }
    case "v1 Pod":
      return podReport(object as PodObject);
    case "v1 Service": {
      const waits = spec.type === "LoadBalancer" && (status.loadBalancer?.ingress ?? []).length === 0;
      return waits ? progressing("it has no address yet") : ready;
    }
    case "apiextensions.k8s.io CustomResourceDefinition":
      return isTrue("Established") ? ready : progressing("its kind cannot be used yet");
    default:
      return ready;
  }
}

/** Ends when it is gone. Throws `not-ready` with what holds it up. */
export async function whenGone(objects: Objects, deleted: KubernetesObject): Promise<void> {
  const deadline = Date.now() + timeoutMs(deleted);
  let pauseMs = firstPauseMs;
  for (;;) {
    const live = await objects.get<Counted>(referenceOf(deleted));
    if (live === undefined || live.metadata.uid !== deleted.metadata.uid) return;
    if (Date.now() >= deadline)
      throw new SwitchyardError("not-ready", `${describe(deleted)} is still there: ${holdUp(live)}`);
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, longestPauseMs);
  }
}

function holdUp({ metadata, status }: Counted): string {
  const words = (status?.conditions ?? []).filter(({ status: is, message }) => is === "True" && message);
  if (words.length > 0) return words.map(({ message }) => message).join("; ");
  const finalizers = metadata.finalizers ?? [];
  return finalizers.length > 0
    ? `its finalizers ${finalizers.join(", ")} have not been carried out`
    : "the cluster has not ended it";
}
