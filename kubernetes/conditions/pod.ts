import type { KubernetesObject } from "../client";
import { type Condition, conditionOf, type Report, sentence } from "./report";

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: { exitCode: number; reason?: string; message?: string; signal?: number };
}
interface ContainerStatus {
  name: string;
  image?: string;
  ready: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
}
export interface PodObject extends KubernetesObject {
  spec?: { containers?: { name: string; image?: string }[]; nodeName?: string };
  status?: {
    phase?: "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";
    reason?: string;
    message?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

const imageReasons = new Set(["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"]);
const configReasons = new Set(["CreateContainerConfigError", "CreateContainerError", "RunContainerError"]);

export function podReport({ metadata, status = {}, spec }: PodObject): Report {
  const pod = `pod ${metadata.name}`;
  if (conditionOf(status.conditions, "Ready")?.status === "True") return { state: "ready", detail: `${pod} is ready` };
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const container of containers) {
    const failure = containerFailure(container, spec?.containers ?? []);
    if (failure !== undefined) return { state: "failing", detail: `${pod}: ${failure}` };
  }
  if (status.phase === "Failed") {
    const why = status.message ?? status.reason ?? "it failed";
    return { state: "failing", detail: `${pod}: ${sentence(why)}` };
  }
  const scheduled = conditionOf(status.conditions, "PodScheduled");
  if (scheduled?.status === "False") {
    const why = sentence(scheduled.message ?? scheduled.reason ?? "");
    return { state: "progressing", detail: `${pod} finds no node: ${why}` };
  }
  const waiting = containers.find(({ ready }) => !ready);
  const why =
    waiting?.state?.waiting?.reason ??
    (waiting?.state?.running ? "it runs and is not ready yet" : "it is not started yet");
  return { state: "progressing", detail: `${pod}: ${why}` };
}

function containerFailure(
  { name, image, restartCount, state = {}, lastState = {} }: ContainerStatus,
  specs: { name: string; image?: string }[],
): string | undefined {
  const { reason = "", message = "" } = state.waiting ?? {};
  const wanted = specs.find((spec) => spec.name === name)?.image ?? image;
  if (imageReasons.has(reason)) return `the image ${wanted} cannot be pulled: ${sentence(message || reason)}`;
  if (configReasons.has(reason)) return `container ${name} cannot be started: ${sentence(message || reason)}`;
  const ended = lastState.terminated ?? state.terminated;
  if (reason === "CrashLoopBackOff" || (ended !== undefined && restartCount > 0)) {
    const times = restartCount === 1 ? "once" : `${restartCount} times`;
    return `container ${name} ends again and again: started again ${times}, ${endOf(ended)}`;
  }
  return undefined;
}

function endOf(ended: ContainerState["terminated"]): string {
  if (ended === undefined) return "and nobody knows why";
  if (ended.reason === "OOMKilled") return "it needed more memory than its limit";
  const words = ended.message ? `; last words: ${sentence(ended.message)}` : "";
  return `last with exit code ${ended.exitCode}${words}`;
}
