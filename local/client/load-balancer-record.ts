/**
 * Taking things out of a dead load balancer's record, so that a later one does not serve what was deleted. Only while no
 * supervisor can start it: see `withoutSupervisor`.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { SwitchyardError } from "../../config/errors";
import type { AlarmRule, RouteSpec, TargetGroupSpec } from "../api";
import { loadBalancerRecord } from "../paths";

export interface LoadBalancerRecord {
  version: 1;
  targetGroups: Record<string, TargetGroupSpec>;
  routes: Record<string, RouteSpec>;
  alarms: Record<string, AlarmRule[]>;
  /** (epoch, revision) of deleted routes: a driver from before the deletion cannot come back. */
  tombstones: Record<string, { epoch: number; revision: number }>;
  drains: Record<string, string>;
}

export function editLoadBalancerRecord(runtimeDir: string, edit: (record: LoadBalancerRecord) => void): void {
  const file = loadBalancerRecord(runtimeDir);
  if (!existsSync(file)) return;
  const record = read(file);
  edit(record);
  writeFileSync(`${file}.next`, JSON.stringify(record, null, 1), { mode: 0o600, flush: true });
  renameSync(`${file}.next`, file);
}

function read(file: string): LoadBalancerRecord {
  try {
    const record = JSON.parse(readFileSync(file, "utf8")) as LoadBalancerRecord;
    if (record.version === 1) return record;
  } catch (cause) {
    throw new SwitchyardError("state-damaged", `the load balancer's record ${file} is damaged`, { cause });
  }
  throw new SwitchyardError("state-damaged", `the load balancer's record ${file} is of another version`);
}
