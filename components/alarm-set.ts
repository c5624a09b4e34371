import * as pulumi from "@pulumi/pulumi";
import type { TeamConfig } from "../config/team";
import { parseDurationMs } from "../config/units";
import type { AlarmSpec, BakeRule, EnvironmentResources } from "./platform";
import { type Transform, transformed } from "./transform";

export interface AlarmSetArgs {
  platform: Pick<EnvironmentResources, "alarms">;
  team: string;
  rules: TeamConfig["rules"];
  /** The load balancer whose counters the rules are about. */
  entry: pulumi.Resource;
  transform?: { alarms?: Transform<AlarmSpec> };
}

/** When a version of the team counts as bad. The bake of every release evaluates these rules. */
export class AlarmSet extends pulumi.ComponentResource {
  readonly nodes: { alarms: pulumi.Resource };

  constructor(name: string, args: AlarmSetArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:AlarmSet", name, {}, options);
    const alarms = createAlarms(this, name, args);
    this.nodes = { alarms };
    this.registerOutputs({});
  }
}

function createAlarms(parent: AlarmSet, name: string, args: AlarmSetArgs): pulumi.Resource {
  const spec: AlarmSpec = { team: args.team, rules: bakeRules(args.rules) };
  const options = { parent, dependsOn: [args.entry] };
  return args.platform.alarms(name, ...transformed(args.transform?.alarms, spec, options));
}

function bakeRules(rules: TeamConfig["rules"]): BakeRule[] {
  const sample = { windowMs: parseDurationMs(rules.window), minimumRequests: rules.minimumRequests };
  return [
    { name: "error-rate", metric: "error-rate", threshold: rules.errorRate, ...sample },
    { name: "latency-p99", metric: "latency-p99-ms", threshold: parseDurationMs(rules.latencyP99), ...sample },
    // 1 while the slot's health check fails; it needs no requests to be known
    { name: "unhealthy", metric: "unhealthy", threshold: 0, windowMs: sample.windowMs, minimumRequests: 0 },
  ];
}
