import { appendHistory, type HistoryRecord, type StoredConfig } from "../backend";
import type { DeploymentResult } from "../deployment/request";
import { engineVersion } from "../state/checkpoint";
import { flagValue } from "./arguments";
import { type Invocation, type Target, unixNanos } from "./context";

interface Finished {
  kind: HistoryRecord["kind"];
  target: Target;
  stored: StoredConfig;
  started: Date;
  ended: Date;
  result: DeploymentResult;
}

/** Leaves the record of a finished operation, failed or not, in the stack's history. */
export function recordHistory(
  invocation: Invocation,
  { kind, target, stored, started, ended, result }: Finished,
): void {
  const { args, variables } = invocation;
  const agent = flagValue(args, "exec-agent");
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
  appendHistory(
    target.backend,
    target.id,
    {
      kind,
      startTime: seconds(started),
      message: flagValue(args, "message") ?? "",
      environment: {
        ...(agent && { "exec.agent": agent }),
        "exec.kind": flagValue(args, "exec-kind") ?? "cli",
        "pulumi.arch": process.arch,
        "pulumi.os": process.platform,
        "pulumi.version": `v${engineVersion}`,
        "switchyard.engine": "embedded",
      },
      config: stored,
      version: 0,
      result: result.result === "succeeded" ? "succeeded" : "failed",
      endTime: seconds(ended),
      resourceChanges: result.resourceChanges,
    },
    { unixNanos: unixNanos(ended), backups: !variables("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS") },
  );
}
