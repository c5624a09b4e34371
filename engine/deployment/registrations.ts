import { messageOf } from "../../config/errors";
import type { PropertyMap, ResourceState, Urn } from "../state/types";
import { equal, unknown } from "../state/values";
import type { Events } from "./events";
import type { Executor } from "./execute";
import { GenerationFailure, type Generator } from "./generate";
import type { Goal } from "./goal";
import { type Outcome, Stopped } from "./outcome";
import { type Providers, providerInputs } from "./providers";
import type { Snapshots } from "./snapshots";
import type { Step } from "./steps";
import { isProviderType, packageOf, providerUrn, stackType } from "./urn";

interface RegistrationsOptions {
  generator: Generator;
  executor: Executor;
  providers: Providers;
  outcome: Outcome;
  events: Events;
  snapshots: Snapshots;
}

/** The version and address that a request asks its package in. */
export interface Package {
  version: string;
  url: string;
}

/** From what the program asks for to what was done: one decision at a time, many executions. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #goals = new Map<Urn, Goal>();
  /** The last step of each component, until it says its outputs. */
  readonly #open = new Map<Urn, Step>();
  #stack: Step | undefined;
  #stackOutputs: PropertyMap | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** @throws Stopped where the run was stopped, before or by this registration. */
  async register(wanted: Goal, { version, url }: Package): Promise<ResourceState> {
    const goal = this.#inherited(wanted);
    return this.attempt(async () => {
      if (isProviderType(goal.type)) {
        const settled = version || this.#options.providers.versionInState(packageOf(goal.type));
        goal.inputs = { ...goal.inputs, ...providerInputs(settled, url) };
      } else if (goal.custom) goal.provider ??= await this.providerFor(goal.type, { version, url }, goal.parent);
      return this.#carryOut(goal);
    }, this.#options.generator.urnOf(goal));
  }

  /**
   * Whatever goes wrong in `action` stops the run.
   * @throws Stopped then.
   */
  async attempt<T>(action: () => Promise<T>, urn?: Urn): Promise<T> {
    try {
      return await action();
    } catch (thrown) {
      throw this.#stopBy(thrown, urn);
    }
  }

  /** The reference of the provider for a type or function that names none itself. */
  async providerFor(token: string, { version, url }: Package, parent: Urn = ""): Promise<string> {
    const pkg = packageOf(token);
    for (let urn = parent; urn !== ""; urn = this.#goals.get(urn)?.parent ?? "") {
      const reference = this.#goals.get(urn)?.providers[pkg];
      if (reference !== undefined) return reference;
    }
    return this.#options.providers.default(pkg, version, url, (goal) => this.#carryOut(goal));
  }

  /** What a resource takes over from its parent where it says nothing itself. */
  #inherited(goal: Goal): Goal {
    const parent = this.#goals.get(goal.parent);
    if (parent === undefined) return { ...goal };
    const inherited = { ...goal };
    // Nobody deletes what is only read.
    if (goal.readId === undefined) {
      inherited.protect ??= parent.protect;
      inherited.retainOnDelete ??= parent.retainOnDelete;
      inherited.deletedWith ??= parent.deletedWith;
    }
    const samePackage = parent.provider && packageOfReference(parent.provider) === packageOf(goal.type);
    if (goal.custom && samePackage && !isProviderType(goal.type)) {
      inherited.provider ??= goal.providers[packageOf(goal.type)] ?? parent.provider;
    }
    return inherited;
  }

  async #carryOut(goal: Goal): Promise<ResourceState> {
    const { generator, executor, outcome } = this.#options;
    const chain = await this.#alone(async () => {
      outcome.throwIfStopped();
      const steps = await generator.stepsFor(goal);
      this.#goals.set(steps.at(-1)?.new?.urn ?? generator.urnOf(goal), goal);
      return steps;
    });
    if (!(await executor.run(chain))) throw new Stopped("a step failed");
    const last = chain.at(-1);
    const state = last?.new;
    if (last === undefined || state === undefined) throw new Error(`nothing was done for ${generator.urnOf(goal)}`);
    if (!state.custom) this.#open.set(state.urn, last);
    if (state.type === stackType) this.#stack = last;
    // The id of a provider that a preview only pretends to make.
    return isProviderType(state.type) && !state.id ? { ...state, id: unknown } : state;
  }

  /** Decisions are made in order of arrival: each one sees what those before it decided. */
  #alone<T>(decide: () => Promise<T>): Promise<T> {
    const decision = this.#turn.then(decide);
    this.#turn = decision.catch(() => undefined);
    return decision;
  }

  #stopBy(thrown: unknown, urn: Urn | undefined): Stopped {
    if (thrown instanceof Stopped) return thrown;
    if (thrown instanceof GenerationFailure) for (const message of thrown.messages) this.fail(message, thrown.urn);
    else this.fail(messageOf(thrown), urn);
    this.#options.outcome.stop();
    return new Stopped(messageOf(thrown));
  }

  /** Whether an old resource was registered, by this name or a newer one, or is needed by one that was. */
  knows(urn: Urn): boolean {
    const { seen, renamed, retained } = this.#options.generator;
    return seen.has(urn) || retained.has(urn) || [...renamed.values()].includes(urn);
  }

  /** The run has failed: said once, and told at the end. */
  fail(message: string, urn?: Urn): void {
    this.#options.events.diagnostic("error", message, urn);
    this.#options.outcome.fail(message);
  }

  /** A component is complete. The stack's outputs wait for the end of the run. */
  async complete(urn: Urn, outputs: PropertyMap): Promise<void> {
    const step = this.#open.get(urn);
    if (step?.new === undefined) {
      throw new Error(`cannot complete a resource '${urn}' whose registration isn't pending`);
    }
    this.#open.delete(urn);
    if (step === this.#stack) {
      this.#stackOutputs = outputs;
      return;
    }
    const { events, snapshots } = this.#options;
    const changed = !equal(step.new.outputs ?? {}, outputs);
    if (!step.skipped) step.new.outputs = outputs;
    events.outputs(step);
    if (changed) await this.attempt(() => snapshots.write());
  }

  /**
   * After everything else. A run that failed keeps the old outputs that it did not get to; a program that only logged errors
   * has `finished` all the same.
   */
  completeStack(finished: boolean): void {
    const step = this.#stack;
    const { failed, stepFailed } = this.#options.outcome;
    if (step?.new === undefined || this.#stackOutputs === undefined) return;
    const kept = failed && (stepFailed || !finished) ? step.new.outputs : {};
    step.new.outputs = { ...kept, ...this.#stackOutputs };
    this.#options.events.outputs(step);
  }
}

const packageOfReference = (reference: string): string => {
  const type = providerUrn(reference).split("::")[2] ?? "";
  return packageOf(type.slice(type.lastIndexOf("$") + 1));
};
