/**
 * The local platform's resource types, as a Pulumi program registers them. Every one takes `runtimeDir`, an absolute path:
 * a provider written in TypeScript gets no provider config, and it must know which daemons to talk to.
 */
import * as pulumi from "@pulumi/pulumi";
import type { AlarmRule, RouteSpec, TargetGroupSpec } from "../api";

export const packageName = "switchyard-local";
const token = (type: string) => `${packageName}:index:${type}`;
type Inputs<T> = { [Key in keyof T]: pulumi.Input<T[Key]> };

export interface Limits {
  memoryMb?: number;
  cpus?: number;
}

export interface NamespaceInputs {
  runtimeDir: string;
  team: string;
  /** Absolute; made with mode 0700. */
  directory: string;
  /** The team's ports are firstPort .. firstPort + portCount - 1. */
  firstPort: number;
  portCount: number;
  /** Of each slot. */
  limits: Limits;
}
/** A team's directory, port range and limits. Delete removes the directory only while it is empty. */
export class Namespace extends pulumi.CustomResource {
  declare readonly team: pulumi.Output<string>;
  declare readonly directory: pulumi.Output<string>;
  declare readonly firstPort: pulumi.Output<number>;
  declare readonly portCount: pulumi.Output<number>;
  declare readonly limits: pulumi.Output<Limits>;

  constructor(name: string, args: Inputs<NamespaceInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("Namespace"), name, { ...args }, options);
  }
}

export interface TeamDataInputs {
  runtimeDir: string;
  /** Absolute. */
  directory: string;
  /** Absolute, inside `directory`; a SQLite file in WAL mode. */
  databaseFile: string;
  /** What a delete of the resource does to the data; false unless said. */
  deleteData?: boolean;
}
/** A team's data: a directory and a SQLite file. */
export class TeamData extends pulumi.CustomResource {
  declare readonly directory: pulumi.Output<string>;
  declare readonly databaseFile: pulumi.Output<string>;

  constructor(name: string, args: Inputs<TeamDataInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("TeamData"), name, { ...args }, options);
  }
}

export interface LoadBalancerInputs {
  runtimeDir: string;
  host: string;
  port: number;
  kind: "embedded" | "haproxy";
  requestTimeoutMs: number;
}
/** The load balancer's process; one for a runtime directory. Another host or port is an update: it is stopped and started again. */
export class LoadBalancer extends pulumi.CustomResource {
  /** `http://host:port`. */
  declare readonly url: pulumi.Output<string>;
  declare readonly host: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Inputs<LoadBalancerInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("LoadBalancer"), name, { ...args, url: undefined }, options);
  }
}

export interface TargetGroupInputs extends TargetGroupSpec {
  runtimeDir: string;
  /** Its permanent name. */
  name: string;
}
/** A slot's permanent address in the load balancer, with its health check. Needs the load balancer: give `dependsOn`. */
export class TargetGroup extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly team: pulumi.Output<string>;
  declare readonly slot: pulumi.Output<string>;
  declare readonly host: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Inputs<TargetGroupInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("TargetGroup"), name, { ...args }, options);
  }
}

export interface AlarmSetInputs {
  runtimeDir: string;
  team: string;
  rules: AlarmRule[];
}
/** A team's alarm rules, kept by the load balancer beside the counters they are about. */
export class AlarmSet extends pulumi.CustomResource {
  declare readonly team: pulumi.Output<string>;
  declare readonly rules: pulumi.Output<AlarmRule[]>;

  constructor(name: string, args: Inputs<AlarmSetInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("AlarmSet"), name, { ...args }, options);
  }
}

export interface WorkloadInputs {
  runtimeDir: string;
  team: string;
  slot: string;
  /** The name of the slot's target group; `stopAfter` asks the load balancer about it. */
  targetGroup: string;
  /** The commit; null: the slot is empty. */
  version: string | null;
  /** Argument list, never through a shell; empty exactly when the slot is. */
  command: string[];
  /** Absolute; null exactly when the slot is empty. */
  cwd: string | null;
  env: Record<string, string>;
  /** Secret environment variables; give them as a secret. They win over `env`. */
  secretEnv: Record<string, string>;
  /** The port it listens on; nobody else may hold it when it starts. */
  port: number;
  limits: Limits;
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
  /** RFC 3339; a slot without traffic is stopped at this time. */
  stopAfter?: string | null;
}
/**
 * A version in a slot: a supervised process group. Created means started, not healthy. Another version is an update: the
 * old one is stopped, then the new one started. A change of `stopAfter`, `graceMs` or `targetGroup` alone restarts nothing.
 */
export class Workload extends pulumi.CustomResource {
  declare readonly team: pulumi.Output<string>;
  declare readonly slot: pulumi.Output<string>;
  declare readonly version: pulumi.Output<string | null>;
  declare readonly port: pulumi.Output<number>;

  constructor(name: string, args: Inputs<WorkloadInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("Workload"), name, { ...args }, options);
  }
}

export interface RouteInputs extends RouteSpec {
  runtimeDir: string;
}
/** A team's weights in the load balancer. Outputs equal inputs, so that the state tells what is. */
export class Route extends pulumi.CustomResource {
  declare readonly team: pulumi.Output<string>;
  declare readonly live: pulumi.Output<string | null>;
  declare readonly weights: pulumi.Output<Record<string, number>>;
  declare readonly epoch: pulumi.Output<number>;
  declare readonly revision: pulumi.Output<number>;
  declare readonly release: pulumi.Output<string>;

  constructor(name: string, args: Inputs<RouteInputs>, options?: pulumi.CustomResourceOptions) {
    super(token("Route"), name, { ...args }, options);
  }
}
