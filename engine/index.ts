import { resolve } from "node:path";
import type { LocalWorkspaceOptions } from "@pulumi/pulumi/automation";
import { SemVer } from "semver";
import { causeOf, runCommand } from "./command";
import { runDeployment } from "./deployment";
import { LockLostError } from "./failure";
import { type InProcess, inProcessProviders } from "./provider";
import { engineVersion } from "./state/checkpoint";

export { breakLock, type Lock, readLocks } from "./backend";

export type PulumiCommand = NonNullable<LocalWorkspaceOptions["pulumiCommand"]>;

export interface EngineOptions {
  /**
   * Providers by package name, run in this process. A function is called once for each configuration that a provider's resource
   * gives, when it is first needed.
   */
  providers: Record<string, InProcess>;
  now?: () => Date;
  /** How long a cancelled operation waits for provider calls that have begun, before it leaves them to themselves. */
  patienceMs?: number;
  /** `@pulumi/pulumi/automation` of who calls, where that is another copy than this package's: its error classes are thrown. */
  automation?: object;
  /**
   * Asked once an operation has its lock and again before each provider call and each write: false stops it as if the lock had
   * been taken away. For callers who have a right of their own to the stack that can be lost while this process sleeps.
   */
  mayWrite?: () => boolean;
}

interface EmbeddedEngine extends PulumiCommand {
  run(
    args: string[],
    cwd: string,
    env: Record<string, string>,
    onOutput?: (text: string) => void,
    onError?: (text: string) => void,
    signal?: AbortSignal,
  ): Promise<{ stdout: string; stderr: string; code: number }>;
}

/**
 * An engine that stands in for the Pulumi CLI: pass it to the Automation API as `pulumiCommand`. It keeps the CLI's file
 * backend, so either can take the other's stacks over, and refuses by name what it does not do.
 */
export function embeddedEngine({
  providers,
  now = () => new Date(),
  patienceMs = 60_000,
  automation,
  mayWrite = () => true,
}: EngineOptions): EmbeddedEngine {
  const source = inProcessProviders(providers);
  return {
    command: "embedded",
    version: new SemVer(engineVersion),
    run: (args, cwd, env, onOutput, onError, signal) =>
      runCommand({
        args,
        folder: resolve(cwd),
        env,
        onOutput,
        onError,
        signal,
        providers: source,
        deploy: (request) => runDeployment(request, patienceMs),
        now,
        automation,
        mayWrite,
      }),
  };
}

/** Whether an Automation API error says that the operation's lock was taken away from it. */
export const isLockLost = (thrown: unknown): boolean =>
  thrown instanceof LockLostError || causeOf(thrown) instanceof LockLostError;
