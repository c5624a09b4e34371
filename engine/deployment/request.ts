import type { PropertyMap, Snapshot, Urn } from "../state/types";

/** What the command layer asks of a deployment. Nothing in here touches a file: state goes out through `save`. */
export interface DeploymentRequest {
  operation: "update" | "refresh" | "destroy";
  /** A preview: nothing is written, providers are asked only to check and diff. */
  dryRun: boolean;
  /** `organization` is always "organization" on a file backend. */
  organization: string;
  project: string;
  stack: string;
  /** Decrypted config, keys `namespace:name`. */
  config: Record<string, string>;
  configSecretKeys: string[];
  /** `host:port` of the SDK's language server for inline programs; absent where no program runs. */
  programAddress?: string;
  workDir: string;
  base: Snapshot;
  /** Writes a checkpoint. Resolves when it is on disk; rejects when the lock is lost, and then nothing more may be called or written. */
  save(newest: () => Snapshot): Promise<void>;
  /** Re-reads the operation's lock; throws `LockLostError` when it is gone. Called before each provider call that changes something. */
  fence(): void;
  providers: ProviderSource;
  /** Resolves the outputs of another stack for StackReference; undefined: no such stack. */
  stackOutputs(name: string): Promise<{ outputs: PropertyMap; secretOutputNames: string[] } | undefined>;
  /**
   * Events as in the CLI's event log, without `sequence` and `timestamp`: one for each step, outputs and diagnostic. The
   * first and the last ones (prelude, summary, cancel) are the command's. Secrets are still in their envelopes.
   */
  emit(event: EngineEvent): void;
  /** A provider's words as they may be shown and written: without the secrets in `values`, and others that the run knows. */
  scrubbed(text: string, values: PropertyMap): string;
  /** First abort: no new steps; running ones finish and are saved. */
  signal?: AbortSignal;
  options: DeploymentOptions;
  /** RFC 3339 with enough digits; time comes in by the door. */
  now(): string;
}

export interface DeploymentOptions {
  /** Steps at once; 0 or less: unlimited. */
  parallel: number;
  refreshFirst: boolean;
  continueOnError: boolean;
  clearPendingCreates: boolean;
  targets: Urn[];
  /** Replaced, changed or not. */
  replace: Urn[];
  runProgram: boolean;
}

export interface DeploymentResult {
  result: "succeeded" | "failed" | "cancelled";
  /** Logical operations by name, for example `{create: 2, same: 1}`. */
  resourceChanges: Record<string, number>;
  /** Sentences for stderr, first reason first. */
  errors: string[];
  /** Some provider call failed in a way that leaves open what it did. */
  maybeCorrupt: boolean;
}

export type EngineEvent = Record<string, unknown>;

/**
 * Finds a provider for a package; undefined: there is none, and the deployment says so by name. `config` is the inputs of the
 * provider's resource.
 */
export interface ProviderSource {
  get(pkg: string, version: string | undefined, config: PropertyMap): Promise<Provider | undefined>;
}

/**
 * A provider as the engine calls it, in process or over gRPC. Values are raw wire objects, secret envelopes and unknown
 * sentinels included, always deep copies: no object crosses this border in either direction.
 */
export interface Provider {
  check(
    urn: Urn,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<{ inputs: PropertyMap; failures: { property?: string; reason: string }[] }>;
  diff(
    id: string,
    urn: Urn,
    oldOutputs: PropertyMap,
    news: PropertyMap,
    oldInputs: PropertyMap,
  ): Promise<{ changes?: boolean; replaces: string[]; deleteBeforeReplace: boolean }>;
  create(urn: Urn, inputs: PropertyMap, timeoutSeconds: number): Promise<{ id: string; outputs: PropertyMap }>;
  update(
    id: string,
    urn: Urn,
    oldOutputs: PropertyMap,
    news: PropertyMap,
    timeoutSeconds: number,
    oldInputs: PropertyMap,
  ): Promise<{ outputs: PropertyMap }>;
  read(
    id: string,
    urn: Urn,
    outputs: PropertyMap,
    inputs: PropertyMap,
  ): Promise<{ id: string; outputs: PropertyMap; inputs?: PropertyMap }>;
  delete(id: string, urn: Urn, outputs: PropertyMap, timeoutSeconds: number, inputs: PropertyMap): Promise<void>;
  invoke(
    token: string,
    args: PropertyMap,
  ): Promise<{ outputs: PropertyMap; failures: { property?: string; reason: string }[] }>;
}
