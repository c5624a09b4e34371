import { credentials } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import { RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb";
import { type Outcome, Stopped } from "./outcome";
import type { DeploymentRequest } from "./request";

/** How a program ended. `logged`: its errors were all sent to the engine before. */
export type ProgramEnd = { error?: string; logged: boolean };

/** Runs the program on its language server. Never rejects; may never resolve, when a stopped run leaves it waiting. */
export function runProgram(request: DeploymentRequest, address: string, monitorAddress: string): Promise<ProgramEnd> {
  const run = new RunRequest();
  run.setProject(request.project);
  run.setStack(request.stack);
  run.setOrganization(request.organization);
  run.setPwd(request.workDir);
  run.setProgram(".");
  run.setArgsList([monitorAddress]);
  run.setDryrun(request.dryRun);
  run.setParallel(request.options.parallel);
  run.setMonitorAddress(monitorAddress);
  run.setConfigsecretkeysList(request.configSecretKeys);
  for (const [key, value] of Object.entries(request.config)) run.getConfigMap().set(key, value);
  const client = new LanguageRuntimeClient(address, credentials.createInsecure());
  return new Promise<ProgramEnd>((resolve) => {
    client.run(run, (error, response?: RunResponse) => {
      const message = error?.details || error?.message || response?.getError();
      resolve({ error: message || undefined, logged: response?.getBail() ?? false });
    });
  }).finally(() => client.close());
}

/** A program that a stopped run left waiting is ended by failing what it waits for. This says whether that has begun. */
export class Ending {
  begun = false;
  readonly whenBegun: Promise<void>;
  readonly #outcome: Outcome;
  #announce: () => void = () => undefined;

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
    this.whenBegun = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  begin(): void {
    this.begun = true;
    this.#announce();
  }

  /** The result, unless the run was stopped: then undefined, and not before the ending has begun. */
  async unless<T>(work: Promise<T>): Promise<T | undefined> {
    const result = await Promise.race([work.catch(ofStopped), this.whenBegun]);
    if (!this.#outcome.stopped) return result ?? undefined;
    await this.whenBegun;
    return undefined;
  }
}

function ofStopped(thrown: unknown): undefined {
  if (!(thrown instanceof Stopped)) throw thrown;
}
