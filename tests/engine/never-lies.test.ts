import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import fc from "fast-check";
import { embeddedEngine } from "../../engine";
import { integrityViolation } from "../../engine/state/integrity";
import { openSecrets, unwrapSecrets } from "../../engine/state/secretValues";
import type { Json, ResourceState } from "../../engine/state/types";
import { Cloud, Thing } from "./cloud";
import { Sandbox, thorough } from "./support";

/** `.ci/run` sets SWITCHYARD_THOROUGH and has all thousand; another seed finds other programs. */
const sequences = thorough ? 100 : 12;
const stepsEach = 10;
const seed = Number(process.env.SWITCHYARD_SEED ?? 20261124);

const calls = ["check", "diff", "create", "update", "delete", "read"] as const;
type Call = (typeof calls)[number];

/** One provider call that goes wrong: the `nth` of its kind in the step, and how. */
interface Mishap {
  call: Call;
  nth: number;
  /** `partial`: it is done, and did not become ready. `garbage`: it is done, and the answer is none. The others do nothing. */
  how: "error" | "text" | "nothing" | "partial" | "garbage";
}

/** A cloud of which single calls fail. What it holds is what really is there. */
class FallibleCloud extends Cloud {
  mishaps: Mishap[] = [];
  /** Told of each call. */
  onCall: () => void = () => undefined;
  readonly #counts = new Map<Call, number>();

  begin(mishaps: Mishap[]): void {
    this.mishaps = mishaps;
    this.#counts.clear();
  }

  override async check(urn: string, olds: unknown, news: object): Promise<pulumi.provider.CheckResult> {
    this.#failing("check");
    return super.check(urn, olds, news);
  }

  override async diff(id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.DiffResult> {
    this.#failing("diff");
    const [before, after] = [Object(olds), Object(news)];
    return { ...(await super.diff(id, urn, olds, news)), replaces: before.kind === after.kind ? [] : ["kind"] };
  }

  override async create(urn: string, inputs: object): Promise<pulumi.provider.CreateResult> {
    const how = this.#failing("create");
    const made = await super.create(urn, inputs);
    if (how === "partial") throw partial(made.id, made.outs);
    if (how !== "garbage") return made;
    this.things.set(made.id, {});
    return { id: made.id, outs: { when: new Date(0) } };
  }

  override async update(id: string, urn: string, olds: object, news: object): Promise<pulumi.provider.UpdateResult> {
    const how = this.#failing("update");
    const made = await super.update(id, urn, olds, news);
    if (how === "partial") throw partial(id, made.outs);
    return made;
  }

  override async delete(id: string, urn: string): Promise<void> {
    this.#failing("delete");
    return super.delete(id, urn);
  }

  override async read(id: string): Promise<pulumi.provider.ReadResult> {
    this.#failing("read");
    return super.read(id);
  }

  /** @returns how the call goes wrong after it was done. */
  #failing(call: Call): Mishap["how"] | undefined {
    this.onCall();
    const nth = this.#counts.get(call) ?? 0;
    this.#counts.set(call, nth + 1);
    const how = this.mishaps.find((mishap) => mishap.call === call && mishap.nth === nth)?.how;
    const late = how === "partial" || how === "garbage";
    if (late && (call === "create" || (call === "update" && how === "partial"))) return how;
    if (how === undefined) return undefined;
    throw how === "text" ? "in words only" : how === "nothing" ? undefined : new Error("boom");
  }
}

const partial = (id: string, properties: unknown): Error =>
  Object.assign(new Error("not ready"), { id, properties, reasons: ["not ready"] });

const spec = fc.record({
  name: fc.constantFrom("a", "b", "c", "d", "e"),
  kind: fc.constantFrom("x", "x", "y"),
  size: fc.nat({ max: 2 }),
  /** Which of those before it the resource uses, if any, and how. */
  uses: fc.option(fc.record({ index: fc.nat({ max: 4 }), by: fc.constantFrom("id", "serial", "order", "parent") })),
  deleteFirst: fc.boolean(),
  secret: fc.boolean(),
  protect: fc.constantFrom(false, false, false, true),
  inComponent: fc.boolean(),
});
type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;

const step = fc.record({
  operation: fc.constantFrom("up", "up", "up", "up", "refresh", "destroy"),
  specs: fc.uniqueArray(spec, { maxLength: 5, selector: ({ name }) => name }),
  mishaps: fc.array(
    fc.record({
      call: fc.constantFrom(...calls),
      nth: fc.nat({ max: 3 }),
      how: fc.constantFrom("error", "text", "nothing", "partial", "garbage"),
    }),
    { maxLength: 3 },
  ),
  ending: fc.constantFrom("whole", "whole", "whole", "throws", "logs an error"),
  /** The step is cancelled at this call. */
  cancelAt: fc.option(fc.nat({ max: 12 }), { freq: 6 }),
  options: fc.record({
    parallel: fc.constantFrom(1, 3, 16),
    continueOnError: fc.boolean(),
    refresh: fc.constantFrom(false, false, true),
  }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const program =
  ({ specs, ending }: Step): PulumiFn =>
  async () => {
    const component = new pulumi.ComponentResource("my:app:Group", "group", {});
    const made: Thing[] = [];
    for (const each of specs) made.push(makeThing(each, made, component));
    if (ending === "throws") throw new Error("the program gives up");
    if (ending === "logs an error") await pulumi.log.error("the program is not content");
    return Object.fromEntries(made.map((thing, index) => [`id-${index}`, thing.id]));
  };

function makeThing(wanted: Spec, made: Thing[], component: pulumi.Resource): Thing {
  const { name, kind, size, uses, deleteFirst, secret, protect, inComponent } = wanted;
  const other = uses ? made[uses.index] : undefined;
  const by = other ? uses?.by : undefined;
  const inputs = {
    kind,
    size,
    ...(secret && { pw: pulumi.secret(`secret-${size}`) }),
    ...(by === "id" && { other: other?.id }),
    ...(by === "serial" && { other: other?.serial }),
  };
  const parent = by === "parent" ? other : inComponent ? component : undefined;
  return new Thing(name, inputs, {
    deleteBeforeReplace: deleteFirst,
    protect,
    ...(parent && { parent }),
    ...(by === "order" && other && { dependsOn: [other] }),
  });
}

async function run(stack: Stack, cloud: FallibleCloud, { operation, options, mishaps, cancelAt }: Step): Promise<void> {
  cloud.begin(mishaps);
  const cancel = new AbortController();
  let called = 0;
  cloud.onCall = () => {
    if (called++ === cancelAt) cancel.abort();
  };
  const { parallel, refresh, continueOnError } = options;
  const started =
    operation === "refresh"
      ? stack.refresh({ parallel, signal: cancel.signal })
      : stack[operation]({ parallel, refresh, continueOnError, signal: cancel.signal });
  // What of it failed is of no interest here: what it left is.
  await started.catch(() => undefined);
}

const plain = (values: unknown): Json => unwrapSecrets(openSecrets(values as Json, (text) => text));
const byId = (entries: [string, unknown][]): [string, Json][] =>
  entries.map(([id, values]): [string, Json] => [id, plain(values ?? {})]).sort(([a], [b]) => (a < b ? -1 : 1));

async function expectTruth(stack: Stack, cloud: FallibleCloud): Promise<void> {
  const { deployment } = await stack.exportStack();
  const resources: ResourceState[] = deployment.resources ?? [];
  expect(integrityViolation(resources)).toBeUndefined();
  expect(deployment.pending_operations).toBeUndefined();
  // One that waits for its replacement to be made is gone already.
  const things = resources.filter(
    ({ type, pendingReplacement }) => type === "probe:index:Thing" && !pendingReplacement,
  );
  expect(byId(things.map(({ id = "", outputs }) => [id, outputs]))).toEqual(byId([...cloud.things]));
}

test(`after each of ${sequences * stepsEach} random steps with providers that fail, state lists what the cloud holds`, async () => {
  const steps = fc.array(step, { minLength: stepsEach, maxLength: stepsEach });
  const property = fc.asyncProperty(steps, async (sequence) => {
    const sandbox = new Sandbox();
    // One salt for all, so that its key is derived once.
    sandbox.passphrase = "p";
    const salt = "v1:9TgNxOO74iE=:v1:oRZWrWO6BsIP0Yh4:cgTadaNXfVWCCNzxgg1uGCUUxmigrw==";
    writeFileSync(join(sandbox.root, "work", "Pulumi.dev.yaml"), `encryptionsalt: ${salt}\n`);
    const cloud = new FallibleCloud();
    let current: PulumiFn = async () => ({});
    const stack = await LocalWorkspace.createOrSelectStack(
      { projectName: "proj", stackName: "dev", program: () => current() },
      sandbox.options(embeddedEngine({ providers: { probe: cloud } })),
    );
    try {
      for (const each of sequence) {
        current = program(each);
        await run(stack, cloud, each);
        await expectTruth(stack, cloud);
      }
    } finally {
      sandbox.remove();
    }
  });
  await fc.assert(property, { seed, numRuns: sequences, endOnFailure: true });
}, 900_000);
