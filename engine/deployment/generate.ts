import { ignoreChanges } from "../state/paths";
import type { PropertyMap, ResourceState, Urn } from "../state/types";
import { containsSecret, equal } from "../state/values";
import { oldNames } from "./aliases";
import { type Change, changeOf, references } from "./change";
import { dependentReplacements } from "./deleteFirst";
import type { Goal } from "./goal";
import type { Providers } from "./providers";
import type { Provider } from "./request";
import type { Step } from "./steps";
import type { Targets } from "./targets";
import { makeUrn } from "./urn";

/** A registration that cannot be carried out. It ends the run; each message is a sentence about the resource. */
export class GenerationFailure extends Error {
  readonly urn: Urn;
  readonly messages: string[];

  constructor(urn: Urn, messages: string[]) {
    super(messages[0]);
    this.urn = urn;
    this.messages = messages;
  }
}

interface GeneratorOptions {
  stack: string;
  project: string;
  dryRun: boolean;
  base: ResourceState[];
  providers: Providers;
  targets: Targets;
  /** What a person asks to replace. */
  replace: Targets;
  /** A preview goes on after some errors, to show them all. */
  report: (urn: Urn, message: string) => void;
  inform: (urn: Urn, message: string) => void;
}

/**
 * Decides what has to be done for each registration, one after another in order of arrival. It asks providers to check and to
 * diff, and changes nothing but its own memory of the run.
 */
export class Generator {
  /** New URN to the old one, for resources that were found by an alias. */
  readonly renamed = new Map<Urn, Urn>();
  readonly seen = new Set<Urn>();
  /** Not registered, and kept for what is no target and depends on it. */
  readonly retained = new Set<Urn>();
  /** Deleted before their replacements are made. */
  readonly deletedFirst = new Set<Urn>();
  readonly #options: GeneratorOptions;
  readonly #olds: Map<Urn, ResourceState>;
  readonly #replaced = new Set<Urn>();
  /** Deleted before its replacement, because something it depends on was: with the reasons. */
  readonly #recreated = new Map<Urn, string[]>();
  readonly #skipped = new Set<Urn>();

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#olds = new Map(options.base.filter((state) => !state.delete).map((state) => [state.urn, state]));
  }

  urnOf({ parent, type, name }: Goal): Urn {
    return makeUrn(this.#options.stack, this.#options.project, parent, type, name);
  }

  async stepsFor(goal: Goal): Promise<Step[]> {
    const urn = this.urnOf(goal);
    if (goal.parent && !this.seen.has(goal.parent)) {
      throw new GenerationFailure(urn, [`could not find parent resource ${goal.parent}`]);
    }
    if (this.seen.has(urn)) {
      throw new GenerationFailure(urn, [`Duplicate resource URN '${urn}'; try giving it a unique name`]);
    }
    this.seen.add(urn);
    const names = oldNames(urn, goal, this.renamed);
    const old = this.#findOld(urn, names);
    const next = newState(urn, goal, old);
    if (goal.readId !== undefined) return this.#read(old, next);
    if (!this.#options.targets.includes(urn)) return [...this.#retain(old), this.#untouched(old, next)];
    const lost = references(next).find((reference) => this.#skipped.has(reference));
    if (lost !== undefined) {
      throw new GenerationFailure(urn, [
        `Resource '${urn}' depends on '${lost}' which was not specified in --target list.`,
      ]);
    }
    return this.#managed(goal, old, next);
  }

  #findOld(urn: Urn, names: Urn[]): ResourceState | undefined {
    const old = this.#olds.get(urn);
    if (old !== undefined) return old;
    const name = names.find((candidate) => this.#olds.has(candidate) && !this.seen.has(candidate));
    if (name !== undefined) this.renamed.set(urn, name);
    return name === undefined ? undefined : this.#olds.get(name);
  }

  /** What is left as it was may need what the program does not mention any more: that is left as it was, too. */
  #retain(old: ResourceState | undefined): Step[] {
    const mentioned = [...this.renamed.values()];
    return (old ? references(old) : []).flatMap((urn) => {
      const state = this.#olds.get(urn);
      if (state === undefined || this.seen.has(urn) || this.retained.has(urn) || mentioned.includes(urn)) return [];
      this.retained.add(urn);
      return [...this.#retain(state), { op: "same", old: state, new: state, skipped: true }];
    });
  }

  /** What was found by an alias keeps its old name until it is a target. */
  #untouched(old: ResourceState | undefined, next: ResourceState): Step {
    if (old !== undefined) {
      this.renamed.delete(next.urn);
      this.seen.add(old.urn);
      return { op: "same", old, new: { ...old } };
    }
    this.#skipped.add(next.urn);
    return { op: "same", old: { ...next }, new: next, skipped: true };
  }

  #read(old: ResourceState | undefined, next: ResourceState): Step[] {
    if (old === undefined || old.external || old.id === next.id) return [{ op: "read", old, new: next }];
    this.#replaced.add(next.urn);
    return [
      { op: "read-replacement", old, new: next, flagsOld: true },
      { op: "replace", old, new: next },
    ];
  }

  async #managed(goal: Goal, old: ResourceState | undefined, next: ResourceState): Promise<Step[]> {
    const { urn } = next;
    const provider = await this.#options.providers.of(next);
    const recreatedFor = this.#recreated.get(urn);
    const asked = this.#options.replace.lists(urn);
    const continued = recreatedFor === undefined && !old?.external && !asked ? old : undefined;
    const olds = continued?.inputs ?? {};
    const wanted = continued ? this.#keepIgnored(goal, next, olds) : goal.inputs;
    next.inputs = await this.#checked(provider, next, olds, wanted);
    if (old === undefined) return [{ op: "create", new: next }];
    if (recreatedFor !== undefined) {
      this.#replaced.add(urn);
      return [
        { op: "replace", old, new: next },
        { op: "create-replacement", old, new: next, keys: recreatedFor },
      ];
    }
    if (old.external) return this.#createFirst(old, next, []);
    if (asked) return this.#replacement(goal, old, next, { keys: ["id"], deleteBeforeReplace: false });
    const change = await this.#change(goal, old, next, provider);
    if (change.replace || old.pendingReplacement) {
      if (change.changed || old.pendingReplacement) {
        const checkAnew = (): Promise<PropertyMap> => this.#checked(provider, next, {}, goal.inputs);
        return this.#replacement(goal, old, next, change, checkAnew);
      }
    }
    // A resource that did not become ready gets another chance, changed or not.
    const update = change.changed || Boolean(old.initErrors?.length);
    return [{ op: update ? "update" : "same", old, new: next }];
  }

  #keepIgnored(goal: Goal, { urn }: ResourceState, olds: PropertyMap): PropertyMap {
    const { inputs, unkept } = ignoreChanges(goal.inputs, olds, goal.ignoreChanges);
    for (const path of unkept) {
      this.#options.inform(
        urn,
        `cannot ignore changes in added or removed elements of the path: ${JSON.stringify(path)}`,
      );
    }
    return inputs;
  }

  async #change(
    { replaceOnChanges }: Goal,
    old: ResourceState,
    next: ResourceState,
    provider: Provider | undefined,
  ): Promise<Change> {
    if (next.deletedWith !== undefined && this.#replaced.has(next.deletedWith)) {
      return { changed: true, replace: true, keys: ["deletedWith"], deleteBeforeReplace: false };
    }
    return changeOf({ old, next, provider, replaceOnChanges });
  }

  async #replacement(
    goal: Goal,
    old: ResourceState,
    next: ResourceState,
    { keys, deleteBeforeReplace }: Pick<Change, "keys" | "deleteBeforeReplace">,
    checkAnew?: () => Promise<PropertyMap>,
  ): Promise<Step[]> {
    if (old.protect && next.protect) this.#refuse(next.urn, protectedMessage(next.urn));
    this.#replaced.add(next.urn);
    // The new object inherits nothing from the old one, ignored changes included.
    if (checkAnew) next.inputs = await checkAnew();
    const first = goal.deleteBeforeReplace ?? deleteBeforeReplace;
    return first ? this.#deleteFirst(old, next, keys) : this.#createFirst(old, next, keys);
  }

  #createFirst(old: ResourceState, next: ResourceState, keys: string[]): Step[] {
    this.#replaced.add(next.urn);
    return [
      { op: "create-replacement", old, new: next, keys, flagsOld: true },
      { op: "replace", old, new: next, keys },
    ];
  }

  async #deleteFirst(old: ResourceState, next: ResourceState, keys: string[]): Promise<Step[]> {
    const { base, providers } = this.#options;
    const dependents = await dependentReplacements(old, { base, providers, registered: this.seen });
    for (const { state } of dependents) {
      if (state.protect && !this.#recreated.has(state.urn)) this.#refuse(old.urn, protectedMessage(state.urn, old.urn));
    }
    const steps: Step[] = [];
    for (const dependent of dependents.reverse()) {
      const { state } = dependent;
      if (this.#recreated.has(state.urn)) continue;
      this.#recreated.set(state.urn, dependent.keys);
      this.deletedFirst.add(state.urn);
      if (!state.pendingReplacement) steps.push({ op: "delete-replaced", old: state, beforeReplacement: true });
    }
    this.deletedFirst.add(old.urn);
    if (!old.pendingReplacement) steps.push({ op: "delete-replaced", old, beforeReplacement: true });
    return [...steps, { op: "replace", old, new: next, keys }, { op: "create-replacement", old, new: next, keys }];
  }

  /** @throws GenerationFailure outside of previews. */
  #refuse(urn: Urn, message: string): void {
    if (!this.#options.dryRun) throw new GenerationFailure(urn, [message]);
    this.#options.report(urn, message);
  }

  async #checked(
    provider: Provider | undefined,
    { urn, type }: ResourceState,
    olds: PropertyMap,
    news: PropertyMap,
  ): Promise<PropertyMap> {
    if (provider === undefined) return news;
    const { inputs, failures } = await provider.check(urn, olds, news);
    if (failures.length === 0) return inputs;
    const name = urn.split("::").slice(3).join("::");
    const messages = failures.map(({ property, reason }) => {
      if (!property) return `${type} resource '${name}' has a problem: ${reason}`;
      const value = news[property];
      const shown = containsSecret(value) ? "[secret]" : typeof value === "string" ? value : JSON.stringify(value);
      return `${type} resource '${name}': property ${property} value {${shown ?? ""}} has a problem: ${reason}`;
    });
    throw new GenerationFailure(urn, messages);
  }
}

function protectedMessage(urn: Urn, replaced?: Urn): string {
  const [why, how] = replaced
    ? [` as part of replacing "${replaced}" `, `, or use the command:\n\`pulumi state unprotect '${urn}'\``]
    : ["\n", ""];
  return `unable to replace resource "${urn}"${why}as it is currently marked for protection. To unprotect the resource, remove the \`protect\` flag from the resource in your Pulumi program and run \`pulumi up\`${how}`;
}

/** The state as it would be if everything went as wanted; empty fields are left out, as on disk. */
function newState(urn: Urn, goal: Goal, old: ResourceState | undefined): ResourceState {
  const { propertyDependencies = {} } = goal;
  return {
    urn,
    custom: goal.custom,
    type: goal.type,
    ...(goal.readId !== undefined && { id: goal.readId, external: true }),
    inputs: goal.inputs,
    ...(goal.parent && { parent: goal.parent }),
    ...(goal.protect && { protect: true }),
    ...(goal.dependencies.length > 0 && { dependencies: goal.dependencies }),
    ...(goal.provider && { provider: goal.provider }),
    ...(!equal(propertyDependencies, {}) && { propertyDependencies }),
    ...(goal.additionalSecretOutputs.length > 0 && { additionalSecretOutputs: goal.additionalSecretOutputs }),
    ...(old && old.urn !== urn && { aliases: [old.urn] }),
    ...(goal.customTimeouts && { customTimeouts: goal.customTimeouts }),
    ...(goal.retainOnDelete && { retainOnDelete: true }),
    ...(goal.deletedWith && { deletedWith: goal.deletedWith }),
    ...(old?.created && { created: old.created }),
    ...(old?.modified && { modified: old.modified }),
    ...(goal.ignoreChanges.length > 0 && { ignoreChanges: goal.ignoreChanges }),
    ...(goal.replaceOnChanges.length > 0 && { replaceOnChanges: goal.replaceOnChanges }),
  };
}
