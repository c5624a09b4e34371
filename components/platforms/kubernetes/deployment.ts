/** A slot as a Deployment. Pure: what a version becomes in the cluster. */
import type { input } from "@pulumi/kubernetes/types";
import type { TeamSettings } from "../../../config/settings";
import { parseDurationMs } from "../../../config/units";
import type { WorkloadSpec } from "../../platform";
import {
  dataClaim,
  dataFolder,
  labelKeys,
  serviceAccount,
  slotPort,
  slotSecret,
  slotSelector,
  teamLabels,
} from "./names";

/** An empty slot keeps its Deployment, with no pod. The image is one that any cluster has already. */
const emptyImage = "registry.k8s.io/pause:3.10";
const nobody = 10_001;

/**
 * After a pod began to end, load balancers still send it requests for a while: it goes on serving for so long before it is
 * told to stop.
 */
const preStopSeconds = 10;

export function deploymentSpec(spec: WorkloadSpec, settings: TeamSettings): input.apps.v1.DeploymentSpec {
  const { team, slot, version } = spec;
  const { replicas } = settings.config;
  const autoscaled = replicas.min !== replicas.max;
  return {
    // With an autoscaler there is one owner of the number. An empty slot's 0 turns the autoscaler off.
    ...(version === null ? { replicas: 0 } : !autoscaled && { replicas: replicas.min }),
    revisionHistoryLimit: 2,
    progressDeadlineSeconds: 120,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    selector: { matchLabels: slotSelector(team, slot) },
    template: {
      metadata: {
        labels: {
          ...teamLabels(settings),
          [labelKeys.slot]: slot,
          ...(version !== null && { [labelKeys.version]: version.version.slice(0, 12) }),
        },
      },
      spec: podSpec(spec, settings),
    },
  };
}

function podSpec(spec: WorkloadSpec, settings: TeamSettings): input.core.v1.PodSpec {
  const { team, slot, graceMs } = spec;
  const drainMs = parseDurationMs(settings.config.release.drain);
  return {
    serviceAccountName: serviceAccount,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: preStopSeconds + Math.ceil((drainMs + graceMs) / 1000),
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: nobody, runAsGroup: nobody, fsGroup: nobody },
      seccompProfile: { type: "RuntimeDefault" },
    },
    topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map((topologyKey) => ({
      ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway" },
      labelSelector: { matchLabels: slotSelector(team, slot) },
    })),
    containers: [container(spec, settings)],
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: dataClaim } },
      { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
    ],
  };
}

function container(spec: WorkloadSpec, settings: TeamSettings): input.core.v1.Container {
  const { version, limits } = spec;
  const most = { cpu: `${Math.round(limits.cpus * 1000)}m`, memory: `${limits.memoryMb}Mi` };
  return {
    name: "service",
    image: spec.image ?? version?.artifact ?? emptyImage,
    ...(version !== null && { command: version.start, ...probes(settings) }),
    ports: [{ name: "http", containerPort: slotPort, protocol: "TCP" }],
    env: variables(spec),
    envFrom: [{ secretRef: { name: slotSecret(spec.slot) } }],
    resources: { requests: most, limits: most },
    lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
    securityContext: {
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [
      { name: "data", mountPath: dataFolder },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

/** In a pod a service has to listen on all addresses, and its own name is not one of them. */
function variables({ env, version }: WorkloadSpec): input.core.v1.EnvVar[] {
  if (version === null) return [];
  const all = { ...env, HOST: "0.0.0.0", DATA_DIR: dataFolder };
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

/**
 * Ready is what the team's health endpoint says. Alive is only that somebody listens: a health endpoint that depends on
 * others would restart every pod at once when those are away.
 */
function probes({
  config: { health },
}: TeamSettings): Pick<input.core.v1.Container, "startupProbe" | "readinessProbe" | "livenessProbe"> {
  const [path = "/"] = health.endpoints;
  const seconds = (duration: string) => Math.max(1, Math.ceil(parseDurationMs(duration) / 1000));
  const listens = { tcpSocket: { port: "http" } };
  return {
    startupProbe: { ...listens, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: {
      httpGet: { path, port: "http" },
      periodSeconds: seconds(health.interval),
      timeoutSeconds: seconds(health.timeout),
      successThreshold: health.healthyAfter,
      failureThreshold: health.unhealthyAfter,
    },
    livenessProbe: { ...listens, periodSeconds: 10, failureThreshold: 3 },
  };
}
