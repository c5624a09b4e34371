import { availableParallelism } from "node:os";
import { checkpointPath, type OperationLock, parseStackName, readCheckpointText, removeLeftovers } from "../backend";
import { isSecretValue, masked, revealed, type StackFile } from "../config";
import type { DeploymentRequest, DeploymentResult } from "../deployment/request";
import { EngineFailure, exitCode } from "../failure";
import { parseCheckpoint, requireIntegrity } from "../state/checkpoint";
import { containsSecret } from "../state/secretValues";
import type { PropertyMap } from "../state/types";
import { flagValues, isSet, numberFlag } from "./arguments";
import { Checkpointer } from "./checkpointer";
import { mergedConfig } from "./configCommands";
import { type Invocation, keysOf, loadCheckpoint, passphraseOf, settingsOf, type Target, timestamp } from "./context";
import type { EventStream } from "./events";
import { recordHistory } from "./historyRecord";
import { StackKeys } from "./keys";
import { isStackResource, openCheckpoint } from "./stateCommands";

export type Kind = DeploymentRequest["operation"];

interface Deployment {
  invocation: Invocation;
  kind: Kind;
  target: Target;
  programAddress: string | undefined;
  events: EventStream;
  /** Undefined in a preview, which writes nothing. */
  lock: OperationLock | undefined;
}

/** One deployment from reading state and config to the history record. */
export async function deploy({
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
  await keys.verify();
  const { config, configSecretKeys } = await programConfig(target, settings, keys, events);
  const opened = await openCheckpoint(checkpoint, keys);
  for (const { inputs = {}, outputs = {} } of opened.resources) events.hideSecretsIn({ inputs, outputs });
  const now = (): string => timestamp(invocation.now());
  const fence = (): void => lock?.fence();
  const checkpointer = new Checkpointer({ target, keys, loaded: opened, fence, now });

  const shownConfig = Object.entries(mergedConfig(target, settings)).map(([key, value]) => [key, masked(value)]);
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
    save: lock === undefined ? async () => undefined : (newest) => checkpointer.save(newest),
    fence,
    providers: invocation.providers,
    stackOutputs: (name) => otherStackOutputs(invocation, target, name),
    emit: (event) => events.emit(event),
    scrubbed: (text, values) => {
      events.hideSecretsIn(values);
      return events.scrubbed(text);
    },
    signal: invocation.signal,
    options: {
      parallel: numberFlag(args, "parallel") ?? availableParallelism() * 4,
      refreshFirst: isSet(args, "refresh"),
      continueOnError: isSet(args, "continue-on-error"),
      clearPendingCreates: isSet(args, "clear-pending-creates"),
      targets: flagValues(args, "target"),
      replace: flagValues(args, "replace"),
      runProgram: programAddress !== undefined,
    },
    now,
  });
  const ended = invocation.now();
  events.emit({
    summaryEvent: {
      maybeCorrupt: result.maybeCorrupt,
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
    recordHistory(invocation, { kind, target, stored: settings.config, started, ended, result });
  }
  return result;
}

/** Config as the program gets it: structures as JSON text. */
async function programConfig(
  target: Target,
  settings: StackFile,
  keys: StackKeys,
  events: EventStream,
): Promise<Pick<DeploymentRequest, "config" | "configSecretKeys">> {
  const stored = mergedConfig(target, settings);
  for (const key of target.project.required) {
    if (stored[key] === undefined) {
      throw new EngineFailure(`Stack '${target.id.stack}' is missing configuration value '${key}'`, exitCode.usage);
    }
  }
  const names = Object.keys(stored).sort();
  const configSecretKeys = names.filter((name) => isSecretValue(stored[name]));
  const key = configSecretKeys.length > 0 ? await keys.open(settings.saltText ?? keys.saltText) : undefined;
  const decrypt = (text: string): string => {
    const plaintext = key?.decrypt(text) ?? text;
    events.hide(plaintext);
    return plaintext;
  };
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
