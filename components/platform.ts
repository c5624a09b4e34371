/**
 * The border between what Switchyard is and where it runs.
 *
 * `PlatformResources` is what the components ask for while the program registers resources; it is declarative.
 * `LivePlatform` is what the driver asks while a release runs: it reads what is true outside, and has exactly one way to
 * change it (`setRoute`), kept for a rollback that cannot wait for a stack operation.
 */
import type * as pulumi from "@pulumi/pulumi";
import type { EnvironmentConfig, PlatformName } from "../config/environment";
import type { RouteState, SlotVersion, TeamSettings } from "../config/settings";
import type { TeamConfig } from "../config/team";

export interface Platform extends PlatformResources {
  readonly name: PlatformName;
  live: LivePlatformOf;
  /**
   * The platform's own providers by package, for the engine that runs them in its process. `config` is what the program gave
   * the provider's resource.
   */
  providers(): Record<string, (config: Record<string, unknown>) => pulumi.provider.Provider>;
}

export interface PlatformResources {
  /** For the environment stack. */
  environment(where: { projectDir: string; environment: string; config: EnvironmentConfig }): EnvironmentResources;
  /** For a team stack. */
  release(settings: TeamSettings): ReleaseResources;
}

/** Each method registers one resource, or a few that belong together, below `options.parent`. */
export interface EnvironmentResources {
  /** Where the teams' slots answer. `last` is what the environment gave them before: an address, once given, stays. */
  addresses(
    teams: Record<string, TeamConfig>,
    last: Record<string, TeamSettings>,
  ): Record<string, Pick<TeamSettings, "slots" | "local" | "kubernetes">>;
  /** Where users' requests arrive; one for an environment. */
  entry(name: string, spec: EntrySpec, options: pulumi.CustomResourceOptions): Entry;
  namespace(name: string, spec: NamespaceSpec, options: pulumi.CustomResourceOptions): pulumi.Resource;
  data(name: string, spec: DataSpec, options: pulumi.CustomResourceOptions): pulumi.Resource;
  targetGroup(name: string, spec: TargetGroupSpec, options: pulumi.CustomResourceOptions): pulumi.Resource;
  alarms(name: string, spec: AlarmSpec, options: pulumi.CustomResourceOptions): pulumi.Resource;
  /** Only where the platform has dashboards. */
  dashboard?(name: string, spec: DashboardSpec, options: pulumi.CustomResourceOptions): pulumi.Resource;
}

export interface ReleaseResources {
  /** Only where slots run images. The answer is the image by digest. */
  image?(name: string, spec: ImageSpec, options: pulumi.CustomResourceOptions): pulumi.Output<string>;
  workload(name: string, spec: WorkloadSpec, options: pulumi.CustomResourceOptions): Workload;
  route(name: string, spec: RouteSpec, options: pulumi.CustomResourceOptions): Route;
}

export interface EntrySpec {
  kind: "embedded" | "haproxy";
  host: string;
  port: number;
  requestTimeoutMs: number;
}
export interface Entry {
  resource: pulumi.Resource;
  /** `http://127.0.0.1:8080` */
  url: pulumi.Output<string>;
}

export interface NamespaceSpec {
  settings: TeamSettings;
  /** Of each slot. */
  limits: { memoryMb: number; cpus: number };
}

export interface DataSpec {
  settings: TeamSettings;
  /** Whether a delete of the resource deletes the data too. */
  deleteData: boolean;
}

export interface TargetGroupSpec {
  /** Its permanent name. */
  name: string;
  team: string;
  slot: string;
  host: string;
  port: number;
  health: { path: string; intervalMs: number; timeoutMs: number; healthyAfter: number; unhealthyAfter: number };
  drainMs: number;
  requestTimeoutMs: number;
}

export interface AlarmSpec {
  team: string;
  rules: BakeRule[];
}

export interface DashboardSpec {
  team: string;
  slots: string[];
  metrics: string[];
}

export interface ImageSpec {
  team: string;
  slot: string;
  version: SlotVersion;
}

export interface WorkloadSpec {
  team: string;
  slot: string;
  targetGroup: string;
  port: number;
  /** null: the slot is empty. */
  version: SlotVersion | null;
  /** The version runs already and must not be restarted for the sake of new variables or limits. */
  keepSettings: boolean;
  /** The image by digest, where the platform has images. */
  image?: pulumi.Input<string>;
  env: Record<string, string>;
  secretEnv: pulumi.Input<Record<string, string>>;
  limits: { memoryMb: number; cpus: number };
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
}
export interface Workload {
  resource: pulumi.Resource;
  /** Of what runs, or null: from the resource, known once it was brought there. */
  version: pulumi.Output<string | null>;
}

export interface RouteSpec extends RouteState {
  team: string;
  paths: string[];
  /** Slot -> the name of its target group. */
  targetGroups: Record<string, string>;
}
export interface Route {
  resource: pulumi.Resource;
  /** From the resource, never from what was asked of it. */
  state: pulumi.Output<RouteState>;
}

/** Counters of one slot as its load balancer counted them; they only grow between two readings of the same `since`. */
export interface SlotCounters {
  requests: number;
  serverErrors: number;
  /** Answers the load balancer gave in the slot's place: refused, reset, timed out. */
  failures: number;
  /** Upper bounds of the latency buckets in ms; the last is Infinity. */
  latencyBoundsMs: number[];
  latencyCounts: number[];
  inFlight: number;
  webSockets: number;
  /** null: not checked yet. */
  healthy: boolean | null;
  /** RFC 3339 with ms of the last request sent to this slot. */
  lastRequestAt: string | null;
}

export interface TrafficReading {
  /** RFC 3339 with ms. */
  at: string;
  since: string;
  slots: Record<string, SlotCounters>;
}

export interface SlotCondition {
  state: "running" | "starting" | "failing" | "stopped" | "empty";
  /** Of the version that is in the slot now. */
  version: string | null;
  /** One sentence a person can act on, for example "exited with code 1, 3 times; last words: …". */
  detail: string;
}

/** A rule that the team's alarms registered; the driver's bake evaluates it on the counters. */
export interface BakeRule {
  name: string;
  metric: "error-rate" | "latency-p99-ms" | "unhealthy";
  threshold: number;
  windowMs: number;
  minimumRequests: number;
}

export interface LivePlatform {
  /** The load balancer's own record of the team's route; null: it has none. Throws when it cannot be asked. */
  route(): Promise<RouteState | null>;
  /** Writes weights, epoch and revision past the stack. Refused by the load balancer (`stale-epoch`) when it holds a newer one. */
  setRoute(route: RouteState): Promise<void>;
  traffic(): Promise<TrafficReading>;
  rules(): Promise<BakeRule[]>;
  slot(slot: string): Promise<SlotCondition>;
  /** Where the slot itself answers, past the load balancer: `http://127.0.0.1:21001`. */
  slotUrl(slot: string): string;
  /** Where users' requests arrive: `http://127.0.0.1:8080`. */
  entryUrl(): string;
  /** Names of answer headers that say which slot answered. */
  slotHeader: string;
  /** The last lines of a slot's log, oldest first. */
  logs(slot: string, lines: number): Promise<string[]>;
}

export type LivePlatformOf = (settings: TeamSettings) => LivePlatform;
