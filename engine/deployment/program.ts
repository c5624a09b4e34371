import { credentials } from "@grpc/grpc-js";
import { LanguageRuntimeClient } from "@pulumi/pulumi/proto/language_grpc_pb";
import { RunRequest, type RunResponse } from "@pulumi/pulumi/proto/language_pb";
import type { Outcome } from "./outcome";
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
  readonly #whenBegun: Promise<void>;
  readonly #outcome: Outcome;
  #begin: () => void = () => undefined;

  constructor(outcome: Outcome) {
    this.#outcome = outcome;
    this.#whenBegun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  begin(): void {
    this.begun = true;
    this.#begin();
  }

  /** Resolves some time after the ending has begun. */
  async whenBegunFor(ms: number): Promise<void> {
    await this.#whenBegun;
    await pause(ms);
  }

  /** The result, unless the run was stopped: then undefined, and not before the ending has begun. */
  async unless<T>(work: Promise<T>): Promise<T | undefined> {
    const result = await Promise.race([work, this.#whenBegun.then(() => undefined)]);
    if (!this.#outcome.stopped) return result;
    await this.#whenBegun;
    return undefined;
  }
}

/** Time for what the program has already sent to arrive, before its calls begin to fail. */
const graceMs = 20;
/** Nobody waits longer for a program to notice that its run was stopped. */
const patienceMs = 5_000;
/** A program that starts waits this long for the ends of others. */
const courtesyMs = 250;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The SDK catches unhandled rejections for the whole process while a program runs, and takes them for its own: a program
 * that is ended would make the programs beside it fail. So one is ended only while no other runs; until then it waits,
 * and its run is over for everybody else. This is the one thing that the runs of a process know of each other.
 */
class Quiet {
  #running = 0;
  #ending = new Set<Promise<void>>();
  #parked: (() => void)[] = [];

  async enter(): Promise<void> {
    if (this.#ending.size > 0) await Promise.race([Promise.all(this.#ending), pause(courtesyMs)]);
    this.#running++;
  }

  leave(): void {
    this.#running--;
    if (this.#running === 0) for (const end of this.#parked.splice(0)) end();
  }

  /** Ends a program that has entered, now or later. @returns whether it was now. */
  end(begin: () => void, ended: Promise<unknown>): boolean {
    const act = (): void => {
      const settled = Promise.race([ended, pause(patienceMs)]).then(() => undefined);
      this.#ending.add(settled);
      void settled.then(() => this.#ending.delete(settled));
      begin();
    };
    const alone = this.#running === 1;
    if (alone) act();
    else this.#parked.push(act);
    return alone;
  }
}

const quiet = new Quiet();

interface Supervision {
  request: DeploymentRequest;
  address: string;
  monitorAddress: string;
  outcome: Outcome;
  ending: Ending;
  /** Resolves when no step runs. */
  idle: () => Promise<void>;
  /** The program cannot call any more. */
  release: () => void;
}

/** Runs the program until it ends or its run was stopped. @returns undefined where it was stopped. */
export async function superviseProgram(supervision: Supervision): Promise<ProgramEnd | undefined> {
  const { request, address, monitorAddress, outcome, ending, idle, release } = supervision;
  await quiet.enter();
  const end = runProgram(request, address, monitorAddress);
  const first = await Promise.race([end, outcome.whenStopped.then(() => undefined)]);
  if (first !== undefined) {
    quiet.leave();
    release();
    return first;
  }
  await idle();
  await Promise.race([end, pause(graceMs)]);
  const now = quiet.end(() => ending.begin(), end);
  quiet.leave();
  const released = Promise.race([end, ending.whenBegunFor(patienceMs)]).then(release);
  if (now) await released;
  return undefined;
}
