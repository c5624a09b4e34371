import { messageOf } from "../../config/errors";
import { OperationLock, stackExists } from "../backend";
import type { DeploymentResult } from "../deployment/request";
import { EngineFailure, exitCode, notSupported } from "../failure";
import { flagValue, isSet } from "./arguments";
import { type Command, type Invocation, type Output, stackNotFound, type Target, targetOf, timestamp } from "./context";
import { deploy, type Kind } from "./deploy";
import { Display } from "./display";
import { EventLog } from "./eventLog";
import { EventStream } from "./events";
import { LanguageHost } from "./languageHost";

const titles = {
  update: { real: "Updating", preview: "Previewing update" },
  refresh: { real: "Refreshing", preview: "Previewing refresh" },
  destroy: { real: "Destroying", preview: "Previewing destroy" },
} as const;

export const preview: Command = (invocation) => operate(invocation, "update", true);
export const up: Command = (invocation) => confirmed(invocation, "update");
export const refresh: Command = (invocation) => confirmed(invocation, "refresh");
export const destroy: Command = (invocation) => confirmed(invocation, "destroy");

function confirmed(invocation: Invocation, kind: Kind): Promise<void> {
  const previewOnly = isSet(invocation.args, "preview-only");
  if (!previewOnly && !isSet(invocation.args, "yes") && !isSet(invocation.args, "skip-preview")) {
    throw new EngineFailure(
      "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
      exitCode.usage,
    );
  }
  return operate(invocation, kind, previewOnly);
}

async function operate(invocation: Invocation, kind: Kind, dryRun: boolean): Promise<void> {
  const { args, output } = invocation;
  const target = targetOf(invocation);
  if (!stackExists(target.backend, target.id)) throw stackNotFound(target.id.stack);
  const logUrl = flagValue(args, "event-log");
  const log = logUrl === undefined ? undefined : EventLog.open(logUrl);
  const display = new Display(output, {
    preview: dryRun,
    progress: !isSet(args, "suppress-progress"),
    outputs: !isSet(args, "suppress-outputs"),
    diff: isSet(args, "diff"),
  });
  const listeners = [display.show.bind(display), ...(log ? [log.send.bind(log)] : [])];
  const events = new EventStream(listeners, invocation.now);
  let result: DeploymentResult;
  try {
    // whoever was interrupted while this was being prepared has changed nothing
    if (invocation.signal?.aborted) throw new EngineFailure(`${kind} cancelled`, exitCode.cancelled);
    const lock = dryRun
      ? undefined
      : OperationLock.acquire(target.backend, target.id, timestamp(invocation.now()), invocation.mayWrite);
    try {
      output.out(`${titles[kind][dryRun ? "preview" : "real"]} (${target.id.stack}):\n\n`);
      const scrubbed: Output = {
        out: (text) => output.out(events.scrubbed(text)),
        error: (text) => output.error(events.scrubbed(text)),
      };
      result = await withProgram({ ...invocation, output: scrubbed }, target, kind, (programAddress) =>
        deploy({ invocation, kind, target, programAddress, events, lock }),
      );
    } finally {
      lock?.release();
    }
  } finally {
    // What was done is done: a receiver that is gone does not make it a failure.
    await log?.close().catch((thrown: unknown) => output.error(`warning: ${messageOf(thrown)}\n`));
  }
  const errors = result.errors.map((sentence) => events.scrubbed(sentence));
  conclude(invocation, dryRun ? "preview" : kind, { ...result, errors });
}

/** Runs a deployment with the address where its program is served, or with none where no program runs. */
async function withProgram<T>(
  { args, output, env }: Invocation,
  { project }: Target,
  kind: Kind,
  action: (address: string | undefined) => Promise<T>,
): Promise<T> {
  const wanted = flagValue(args, "run-program");
  if (kind === "update" && wanted === "false") throw notSupported("the flag --run-program=false of 'pulumi up'");
  if (kind !== "update" && wanted !== "true") return action(undefined);
  const inline = flagValue(args, "client");
  if (inline !== undefined) return action(inline);
  const host = await LanguageHost.start({ project, output, env });
  try {
    return await action(host.address);
  } finally {
    host.stop();
  }
}

const harmless = new Set(["same", "read", "read-discard", "discard", "read-replacement"]);

function conclude(
  invocation: Invocation,
  kind: Kind | "preview",
  { result, resourceChanges, errors }: DeploymentResult,
): void {
  if (result === "cancelled") throw new EngineFailure(`${kind} cancelled`, exitCode.cancelled);
  if (result === "failed") throw new EngineFailure(errors.join("\nerror: ") || `${kind} failed`);
  const changed = Object.entries(resourceChanges).some(([op, count]) => count > 0 && !harmless.has(op));
  if (isSet(invocation.args, "expect-no-changes") && changed) {
    throw new EngineFailure(
      `no changes were expected for ${kind} but changes were proposed`,
      exitCode.changesNotExpected,
    );
  }
}
