import { availableParallelism } from "node:os";
import { messageOf } from "../../config/errors";
import {
  appendHistory,
  checkpointPath,
  OperationLock,
  parseStackName,
  readCheckpointText,
  removeLeftovers,
  type StoredConfig,
  stackExists,
} from "../backend";
import { isSecretValue, masked, revealed, type StackFile } from "../config";
import type { DeploymentRequest, DeploymentResult } from "../deployment/request";
import { EngineFailure, exitCode, notSupported } from "../failure";
import { engineVersion, parseCheckpoint, requireIntegrity } from "../state/checkpoint";
import { containsSecret } from "../state/secretValues";
import type { PropertyMap } from "../state/types";
import { flagValue, flagValues, isSet, numberFlag } from "./arguments";
import { Checkpointer } from "./checkpointer";
import { mergedConfig } from "./configCommands";
import {
  type Command,
  type Invocation,
  keysOf,
  loadCheckpoint,
  passphraseOf,
  settingsOf,
  stackNotFound,
  type Target,
  targetOf,
  timestamp,
  unixNanos,
} from "./context";
import { Display } from "./display";
import { EventLog } from "./eventLog";
import { EventStream } from "./events";
import { StackKeys } from "./keys";
import { LanguageHost } from "./languageHost";
import { isStackResource, openCheckpoint } from "./stateCommands";

type Kind = DeploymentRequest["operation"];
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
    const lock = dryRun ? undefined : OperationLock.acquire(target.backend, target.id, timestamp(invocation.now()));
    try {
      output.out(`${titles[kind][dryRun ? "preview" : "real"]} (${target.id.stack}):\n\n`);
      result = await withProgram(invocation, target, kind, (programAddress) =>
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

interface Deployment {
  invocation: Invocation;
  kind: Kind;
  target: Target;
  programAddress: string | undefined;
  events: EventStream;
  /** Undefined in a preview, which writes nothing. */
  lock: OperationLock | undefined;
}

async function deploy({
  invocation,
  kind,
  target,
  programAddress,
  events,
  lock,
}: Deployment): Promise<DeploymentResult> {
  const started = invocation.now();
  const { args } = invocation;
  if (lock !== undefined) removeLeftovers(target.backend, target.id);
  const checkpoint = loadCheckpoint(target);
  requireIntegrity(checkpoint, checkpointPath(target.backend, target.id));
  const settings = settingsOf(invocation, target);
  const keys = keysOf(invocation, settings, checkpoint);
  const stored = mergedConfig(target, settings);
  const { config, configSecretKeys } = await programConfig(target, stored, settings, keys);
  for (const key of configSecretKeys) events.hide(config[key] ?? "");
  const opened = await openCheckpoint(checkpoint, keys);
  for (const { inputs = {}, outputs = {} } of opened.resources) events.hideSecretsIn({ inputs, outputs });
  const now = (): string => timestamp(invocation.now());
  const fence = (): void => lock?.fence();
  const checkpointer = new Checkpointer({ target, keys, loaded: opened, fence, now });

  const shownConfig = Object.entries(stored).map(([key, value]) => [key, masked(value)]);
  events.emit({ preludeEvent: { config: Object.fromEntries(shownConfig) } });
  const result = await invocation.deploy({
    operation: kind,
    dryRun: lock === undefined,
    organization: "organization",
    project: target.id.project,
    stack: target.id.stack,
    config,
    configSecretKeys,
    programAddress,
    workDir: invocation.folder,
    base: { resources: opened.resources, pendingOperations: opened.pendingOperations },
    save: lock === undefined ? async () => undefined : (snapshot) => checkpointer.save(snapshot),
    fence,
    providers: invocation.providers,
    stackOutputs: (name) => otherStackOutputs(invocation, target, name),
    emit: (event) => events.emit(event),
    signal: invocation.signal,
    options: {
      parallel: numberFlag(args, "parallel") ?? availableParallelism() * 4,
      refreshFirst: isSet(args, "refresh"),
      continueOnError: isSet(args, "continue-on-error"),
      clearPendingCreates: isSet(args, "clear-pending-creates"),
      targets: flagValues(args, "target"),
      runProgram: programAddress !== undefined,
    },
    now,
  });
  const ended = invocation.now();
  events.emit({
    summaryEvent: {
      maybeCorrupt: false,
      durationSeconds: Math.max(1, Math.round((ended.getTime() - started.getTime()) / 1000)),
      resourceChanges: result.resourceChanges,
      PolicyPacks: {},
      isPreview: lock === undefined,
      result: result.result === "succeeded" ? "succeeded" : "failed",
    },
  });
  events.emit({ cancelEvent: {} });
  if (lock !== undefined) {
    // Whoever took the lock away owns the stack's files now, the history too.
    lock.fence();
    record(invocation, { kind, target, stored: settings.config, started, ended, result });
  }
  return result;
}

/** Config as the program gets it: structures as JSON text. */
async function programConfig(
  target: Target,
  stored: StoredConfig,
  settings: StackFile,
  keys: StackKeys,
): Promise<Pick<DeploymentRequest, "config" | "configSecretKeys">> {
  for (const key of target.project.required) {
    if (stored[key] === undefined) {
      throw new EngineFailure(`Stack '${target.id.stack}' is missing configuration value '${key}'`, exitCode.usage);
    }
  }
  const names = Object.keys(stored).sort();
  const configSecretKeys = names.filter((name) => isSecretValue(stored[name]));
  const key = configSecretKeys.length > 0 ? await keys.open(settings.saltText ?? keys.saltText) : undefined;
  const decrypt = (text: string): string => key?.decrypt(text) ?? text;
  const config = Object.fromEntries(names.map((name) => [name, revealed(stored[name], decrypt).value ?? ""]));
  return { config, configSecretKeys };
}

/** For StackReference. The other stack is read as it is; it is never locked. */
async function otherStackOutputs(
  invocation: Invocation,
  from: Target,
  name: string,
): Promise<{ outputs: PropertyMap; secretOutputNames: string[] } | undefined> {
  const id = parseStackName(name, from.id.project);
  const text = readCheckpointText(from.backend, id);
  if (text === undefined) return undefined;
  const checkpoint = parseCheckpoint(text, checkpointPath(from.backend, id));
  const stack = checkpoint.resources.filter(isStackResource);
  const keys = new StackKeys(passphraseOf(invocation), checkpoint.saltText, () => undefined);
  const [opened] = (await openCheckpoint({ ...checkpoint, resources: stack, pendingOperations: [] }, keys)).resources;
  const outputs = opened?.outputs ?? {};
  return { outputs, secretOutputNames: Object.keys(outputs).filter((key) => containsSecret(outputs[key])) };
}

interface Finished {
  kind: Kind;
  target: Target;
  stored: StoredConfig;
  started: Date;
  ended: Date;
  result: DeploymentResult;
}

function record(invocation: Invocation, { kind, target, stored, started, ended, result }: Finished): void {
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
