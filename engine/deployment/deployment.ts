import type { ResourceState, Urn } from "../state/types";
import type { Workbench } from "./apply";
import { deleteOld } from "./deletes";
import { Events } from "./events";
import { Executor } from "./execute";
import { Generator } from "./generate";
import { MonitorServer } from "./monitor";
import { Outcome } from "./outcome";
import { Ending, superviseProgram } from "./program";
import { Providers } from "./providers";
import { refreshed } from "./refresh";
import { Registrations } from "./registrations";
import type { DeploymentRequest, DeploymentResult } from "./request";
import { engineService, monitorService } from "./services";
import { Snapshots } from "./snapshots";
import { Targets } from "./targets";
import { providerReference } from "./urn";

/** One deployment, from the old state to the new one. */
export async function runDeployment(request: DeploymentRequest): Promise<DeploymentResult> {
  const { options, dryRun, operation } = request;
  const outcome = new Outcome();
  const events = new Events(request.emit, dryRun);
  const snapshots = new Snapshots(request);
  const targets = new Targets(options.targets);
  const find = (urn: Urn): ResourceState | undefined =>
    executor.news.get(urn) ?? snapshots.base.find((state) => state.urn === urn && !state.delete);
  const findProvider = (urn: Urn, reference: string): ResourceState | undefined =>
    snapshots.base.find((state) => providerReference(state.urn, state.id ?? "") === reference) ?? find(urn);
  const providers = new Providers(request, findProvider);
  let condemned: ReadonlySet<ResourceState> = new Set();
  const bench: Workbench = {
    dryRun,
    now: request.now,
    fence: request.fence,
    providerOf: (state) => providers.of(state),
    goesWithAnother: ({ deletedWith }) => [...condemned].some(({ urn }) => urn === deletedWith),
  };
  const executor = new Executor({
    outcome,
    events,
    snapshots,
    bench,
    parallel: options.parallel,
    continueOnError: options.continueOnError,
  });
  const cancel = (): void => outcome.cancel();
  request.signal?.addEventListener("abort", cancel);
  if (request.signal?.aborted) cancel();
  try {
    if (options.clearPendingCreates) snapshots.forgetPendingCreates();
    if (request.base.pendingOperations.length > 0 && operation !== "refresh") warnOfPending(request, events);
    if (operation === "refresh" || options.refreshFirst) {
      const { parallel } = options;
      const counted = operation === "refresh";
      const { providerOf } = bench;
      snapshots.base = await refreshed(snapshots.base, {
        targets,
        parallel,
        events,
        outcome,
        now: request.now,
        providerOf,
        counted,
      });
    }
    if (operation !== "refresh" && !outcome.stopped) {
      const generator = new Generator({
        stack: request.stack,
        project: request.project,
        dryRun,
        base: snapshots.base,
        providers,
        targets,
        report: (urn, message) => registrations.fail(message, urn),
      });
      const registrations = new Registrations({ generator, executor, providers, outcome, events, snapshots });
      const ending = new Ending(outcome);
      const oldNames = (): Set<Urn> => new Set([...generator.seen, ...generator.renamed.values()]);
      let finished: Promise<void> | undefined;
      const finish = (): Promise<void> => {
        finished ??= (async () => {
          await executor.idle();
          if (outcome.stopped || outcome.failed) return;
          const kept = oldNames();
          await deleteOld({
            base: snapshots.base,
            isKept: (state) => kept.has(state.urn),
            targets,
            executor,
            outcome,
            condemn: (states) => {
              condemned = states;
            },
          });
        })();
        return finished;
      };
      const { programAddress } = request;
      if (operation === "update" && programAddress !== undefined) {
        const service = { request, registrations, providers, events, ending, find, finish };
        const server = await MonitorServer.start(monitorService(service), engineService(service));
        const end = await superviseProgram({
          request,
          address: programAddress,
          monitorAddress: server.address,
          outcome,
          ending,
          idle: () => executor.idle(),
          release: () => server.stop(),
        });
        if (end?.error !== undefined && !outcome.stepFailed) registrations.fail(end.error);
        if (end?.logged) outcome.failed = true;
      }
      await finish();
      registrations.completeStack();
    }
    if (outcome.fatal === undefined) await snapshots.write();
    if (outcome.fatal !== undefined) throw outcome.fatal;
    if (outcome.stepFailed) events.diagnostic("error", `${dryRun ? "preview" : "update"} failed`);
    return {
      result: outcome.failed ? "failed" : outcome.cancelled ? "cancelled" : "succeeded",
      resourceChanges: events.counts,
      errors: [...outcome.errors, ...(outcome.stepFailed ? ["update failed"] : [])],
    };
  } finally {
    request.signal?.removeEventListener("abort", cancel);
  }
}

function warnOfPending({ base }: DeploymentRequest, events: Events): void {
  const { pendingOperations } = base;
  const lines = pendingOperations.map(({ resource, type }) => `  * ${resource.urn}, interrupted while ${type}\n`);
  events.diagnostic(
    "warning",
    `Attempting to deploy or update resources with ${pendingOperations.length} pending operations from previous deployment.\n${lines.join("")}These resources are in an unknown state.`,
  );
}
