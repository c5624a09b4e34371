import { notSupported } from "../failure";
import type { ResourceState, Urn } from "../state/types";
import type { Workbench } from "./apply";
import { references } from "./change";
import { deleteOld } from "./deletes";
import { Events } from "./events";
import { Executor } from "./execute";
import { Generator } from "./generate";
import { MonitorServer } from "./monitor";
import { Outcome } from "./outcome";
import { Ending } from "./program";
import { Providers } from "./providers";
import { refreshed } from "./refresh";
import { Registrations } from "./registrations";
import type { DeploymentRequest, DeploymentResult } from "./request";
import { engineService, monitorService } from "./services";
import { Snapshots } from "./snapshots";
import { supervise } from "./supervise";
import { Targets } from "./targets";
import { providerReference } from "./urn";

/**
 * Carries a deployment out: refresh where asked for, then the program's registrations, then deletions, then the last write.
 * Everything about one run is in here; several runs go on in one process without knowing of each other.
 * @throws EngineFailure for what is not supported, and the error of `save` or `fence` that ended the run; what fails otherwise
 * is in the result.
 * @param patienceMs how long a cancelled run waits for provider calls that have begun.
 */
export async function runDeployment(request: DeploymentRequest, patienceMs: number): Promise<DeploymentResult> {
  if (request.operation !== "update" && request.programAddress !== undefined) {
    throw notSupported(`running the program during '${request.operation}' (--run-program)`);
  }
  const run = new Run(request);
  let patience: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    run.outcome.cancel();
    patience ??= setTimeout(() => run.outcome.abandon(patienceMs), patienceMs);
  };
  request.signal?.addEventListener("abort", cancel);
  try {
    if (request.signal?.aborted) cancel();
    return await run.carryOut();
  } finally {
    request.signal?.removeEventListener("abort", cancel);
    clearTimeout(patience);
  }
}

class Run {
  readonly outcome = new Outcome();
  readonly #request: DeploymentRequest;
  readonly #events: Events;
  readonly #snapshots: Snapshots;
  readonly #targets: Targets;
  readonly #providers: Providers;
  readonly #executor: Executor;
  /** What goes at the end of the run. */
  #condemned = new Set<Urn>();
  #deletedFirst: ReadonlySet<Urn> = new Set();

  constructor(request: DeploymentRequest) {
    this.#request = request;
    this.#events = new Events(request.emit, request.dryRun);
    this.#snapshots = new Snapshots(request);
    this.#targets = new Targets(request.options.targets);
    this.#providers = new Providers(request, (urn, reference) => this.#findProvider(urn, reference));
    const bench: Workbench = {
      dryRun: request.dryRun,
      now: request.now,
      scrubbed: request.scrubbed,
      fence: request.fence,
      providerOf: (state) => this.#providers.of(state),
      goesWithAnother: ({ deletedWith }) =>
        deletedWith !== undefined && (this.#condemned.has(deletedWith) || this.#deletedFirst.has(deletedWith)),
    };
    this.#executor = new Executor({
      outcome: this.outcome,
      events: this.#events,
      snapshots: this.#snapshots,
      bench,
      parallel: request.options.parallel,
      continueOnError: request.options.continueOnError,
    });
  }

  async carryOut(): Promise<DeploymentResult> {
    const { operation, options, programAddress } = this.#request;
    this.#warnOfInterrupted();
    if (options.clearPendingCreates) this.#snapshots.forgetPendingCreates();
    if (operation === "refresh" || options.refreshFirst) await this.#refresh();
    if (operation === "destroy" && !this.outcome.stopped) await this.#destroy();
    if (operation === "update" && !this.outcome.stopped) {
      if (programAddress === undefined) throw notSupported("an update without a program");
      await this.#update(programAddress);
    }
    await this.#close();
    const { cancelled, fatal, failed, errors, maybeCorrupt } = this.outcome;
    if (fatal !== undefined) throw fatal;
    const result = failed ? "failed" : cancelled ? "cancelled" : "succeeded";
    return { result, resourceChanges: this.#events.counts, errors, maybeCorrupt };
  }

  async #destroy(): Promise<void> {
    const { base } = this.#snapshots;
    const unknown = this.#request.options.targets.filter(
      (target) => !target.includes("*") && !base.some(({ urn }) => urn === target),
    );
    for (const target of unknown) {
      const message = `no resource named '${target}' found`;
      this.#events.diagnostic("error", message);
      this.outcome.fail(message);
    }
    if (unknown.length === 0) await this.#delete(() => false);
  }

  async #refresh(): Promise<void> {
    this.#snapshots.base = await refreshed(this.#snapshots.base, {
      targets: this.#targets,
      parallel: this.#request.options.parallel,
      events: this.#events,
      outcome: this.outcome,
      now: this.#request.now,
      providerOf: (state) => this.#providers.of(state),
      counted: this.#request.operation === "refresh",
    });
  }

  async #update(programAddress: string): Promise<void> {
    const { base } = this.#snapshots;
    const { outcome } = this;
    const ending = new Ending(outcome);
    const registrations: Registrations = new Registrations({
      outcome,
      events: this.#events,
      snapshots: this.#snapshots,
      executor: this.#executor,
      providers: this.#providers,
      generator: this.#generator(base, (urn, message) => {
        registrations.fail(message, urn);
        outcome.stepFailed = true;
      }),
    });
    let finished: Promise<void> | undefined;
    const finish = (): Promise<void> => {
      finished ??= this.#finish(registrations);
      return finished;
    };
    const services = {
      request: this.#request,
      registrations,
      providers: this.#providers,
      events: this.#events,
      ending,
      find: (urn: Urn) => this.#executor.news.get(urn),
      finish,
    };
    const server = await MonitorServer.start(monitorService(services), engineService(services));
    const idle = async (): Promise<void> => {
      await finished;
      await this.#executor.idle();
    };
    const end = await supervise({
      request: this.#request,
      address: programAddress,
      monitorAddress: server.address,
      outcome,
      ending,
      idle,
      release: () => server.stop(),
    });
    await idle();
    if (end?.error && !outcome.stopped && (!outcome.stepFailed || this.#request.dryRun)) {
      registrations.fail(end.error);
      outcome.stepFailed = false;
    } else if (end?.logged && !outcome.failed) outcome.fail("the program failed");
    // An SDK that does not wait for the deletions.
    if (end !== undefined && !outcome.failed) await finish();
    if (!outcome.fatal) registrations.completeStack(finished !== undefined);
  }

  #generator(base: ResourceState[], report: (urn: Urn, message: string) => void): Generator {
    const { stack, project, dryRun } = this.#request;
    const generator = new Generator({
      stack,
      project,
      dryRun,
      base,
      providers: this.#providers,
      targets: this.#targets,
      replace: new Targets(this.#request.options.replace),
      report,
      inform: (urn, message) => this.#events.diagnostic("info", message, urn),
    });
    this.#deletedFirst = generator.deletedFirst;
    return generator;
  }

  /** The program has said all it wants; what is left of the old state goes, unless the run was stopped. */
  async #finish(registrations: Registrations): Promise<void> {
    await this.#executor.idle();
    const { stopped, failedUrns } = this.outcome;
    if (stopped) return;
    const needed = neededBy(failedUrns, this.#snapshots.base);
    await this.#delete((state) => registrations.knows(state.urn) || needed.has(state.urn));
  }

  async #delete(isKept: (state: ResourceState) => boolean): Promise<void> {
    await deleteOld({
      base: this.#snapshots.base,
      isKept,
      targets: this.#targets,
      executor: this.#executor,
      outcome: this.outcome,
      condemn: (states) => {
        this.#condemned = new Set([...states].map(({ urn }) => urn));
      },
    });
  }

  async #close(): Promise<void> {
    const { outcome } = this;
    const word = this.#request.dryRun ? "preview" : "update";
    if (outcome.cancelled) this.#events.diagnostic("error", `${word} canceled`);
    else if (outcome.stepFailed) this.#events.diagnostic("error", `${word} failed`);
    if (outcome.fatal) return;
    try {
      await this.#snapshots.write();
    } catch (thrown) {
      outcome.die(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  #warnOfInterrupted(): void {
    const { operation, base } = this.#request;
    const { length } = base.pendingOperations;
    if (length === 0 || operation === "refresh") return;
    const list = base.pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
    this.#events.diagnostic(
      "warning",
      `Attempting to deploy or update resources with ${length} pending operations from previous deployment.\n${list.join("")}These resources are in an unknown state because the Pulumi CLI was interrupted while waiting for changes to these resources to complete. You should confirm whether or not the operations listed completed successfully by checking the state of the appropriate provider. For example, if you are using AWS, you can confirm using the AWS Console.\n\nOnce you have confirmed the status of the interrupted operations, you can repair your stack using \`pulumi refresh\` which will refresh the state from the provider you are using and clear the pending operations if there are any.\n\nNote that \`pulumi refresh\` will need to be run interactively to clear pending CREATE operations.`,
    );
  }

  #findProvider(urn: Urn, reference: string): ResourceState | undefined {
    const isIt = (state: ResourceState): boolean => providerReference(state.urn, state.id ?? "") === reference;
    return this.#snapshots.base.find(isIt) ?? this.#executor.news.get(urn);
  }
}

/** What the old state of a failed resource refers to, directly or not: it is still there, and so must they be. */
function neededBy(failed: ReadonlySet<Urn>, base: ResourceState[]): Set<Urn> {
  const needed = new Set<Urn>();
  for (const state of base.toReversed()) {
    if (failed.has(state.urn) || needed.has(state.urn)) for (const urn of references(state)) needed.add(urn);
  }
  return needed;
}
