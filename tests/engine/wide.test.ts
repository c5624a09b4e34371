import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import type { ResourceState } from "../../engine/state/types";

/** What the generator makes of one resource; the rest is in golden/wide/programs.cjs. */
interface Spec {
  n: string;
  comp?: boolean;
  aliases: { name?: string; type?: string; parent?: string; noParent?: boolean }[];
  deleteFirst?: boolean;
  first?: boolean;
  replaceOn?: string[];
}

interface Step {
  seed: number;
  step: number;
  do: string;
  faults?: string;
  specs: Spec[];
  res: unknown;
  state: [ResourceState[], unknown[]];
  calls: string[];
  cloud: string[];
  ev: string[];
}

const wide = join(process.cwd(), "tests", "engine", "golden", "wide");
const recorded: Step[] = JSON.parse(gunzipSync(readFileSync(join(wide, "recorded.json.gz"))).toString());
const seeds = [...new Set(recorded.map(({ seed }) => seed))];
const folder = mkdtempSync(join(tmpdir(), "wide-test-"));
let played: Step[] = [];
beforeAll(async () => {
  const out = join(folder, "played.json");
  const engine = join(wide, "..", "engine.cjs");
  await promisify(execFile)(process.execPath, [join(wide, "record.cjs"), engine, seeds.join(), out]);
  played = JSON.parse(readFileSync(out, "utf8"));
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Said by the SDK's provider server in the recording process, or by the CLI's own language host. */
const echo = /^(diagnosticEvent error {2}error: (Unhandled exception: )?Error: |stdoutEvent)/;
const unkept = "cannot ignore changes in added or removed elements";

/** Without what has no order: calls, events, the keys of a change, how many steps came before one of several deletions. */
function comparable(step: Step): unknown {
  const ev = step.ev
    // Where the provider does not know what changed, the CLI says this twice.
    .filter((text, index, all) => !echo.test(text) && !(text.includes(unkept) && all.indexOf(text) !== index))
    .map((text) => text.replace(/ keys=(\S+)/, (_, keys: string) => ` keys=${keys.split(",").sort()}`))
    .map((text) => text.replace(/( delete .*) steps=\d+/, "$1"));
  return { ...step, calls: step.calls.toSorted(), ev: ev.sort() };
}

test.each(seeds)("sequence %d ends each step as on the real CLI", (seed) => {
  const of = (steps: Step[]): unknown[] => steps.filter((step) => step.seed === seed).map(comparable);
  expect(of(played)).toEqual(of(recorded));
});

type Occurs = (step: Step) => boolean;
const said =
  (pattern: RegExp): Occurs =>
  ({ ev }) =>
    ev.some((text) => pattern.test(text));
const has =
  (is: (resource: ResourceState) => unknown): Occurs =>
  ({ state: [resources] }) =>
    resources.some((resource) => is(resource));
/** A resource with such a spec took part in a step of this kind. */
const made =
  (is: (spec: Spec) => unknown, pattern: RegExp): Occurs =>
  (step) =>
    step.specs.some((spec) => is(spec) && step.ev.some((text) => pattern.test(text) && text.includes(`::${spec.n} `)));
const kept = / (same|update) /;

const features: Record<string, Occurs> = {
  "a nested component": has(({ urn }) => /::my:app:\w+\$my:app:\w+\$probe:/.test(urn)),
  "a resource as a parent": has(({ urn }) => /::probe:index:\w+\$probe:/.test(urn)),
  "a protected resource that is not deleted": said(/cannot be deleted/),
  "a protected resource that is not replaced": said(/unable to replace/),
  deletedWith: has(({ deletedWith }) => deletedWith),
  "delete before replace, by option": made(({ deleteFirst }) => deleteFirst, /Event delete-replaced /),
  "delete before replace, by the provider": made(
    ({ first, deleteFirst }) => first && deleteFirst === undefined,
    /Event delete-replaced /,
  ),
  "a replacement that deletion came before and that failed": has(({ pendingReplacement }) => pendingReplacement),
  "an old object that waits for its deletion": has((resource) => resource.delete),
  replaceOnChanges: made(({ replaceOn }) => replaceOn, /Event create-replacement .* keys=(?!kind )/),
  "ignoreChanges with a path": has(({ ignoreChanges }) => ignoreChanges?.some((path) => /[.[]/.test(path))),
  "ignoreChanges that cannot be kept": said(new RegExp(unkept)),
  "an alias by name": made(({ aliases }) => aliases.some(({ name }) => name), kept),
  "an alias by type": made(({ aliases }) => aliases.some(({ type }) => type), kept),
  "an alias by parent": made(({ aliases }) => aliases.some(({ parent, noParent }) => parent || noParent), kept),
  "chained aliases": made(({ aliases }) => aliases.length > 1, kept),
  "a changed explicit provider": said(/Event update pulumi:providers:probe::[pq]/),
  "an explicit provider with a version": has(
    ({ type, urn, inputs }) => type === "pulumi:providers:probe" && /::[pq]2?$/.test(urn) && inputs?.version,
  ),
  "a changed config of the default provider": said(/Event update pulumi:providers:probe::default/),
  "default providers of several versions": has(({ urn }) => /::default_1_[01]_0$/.test(urn)),
  "a secret": has(({ inputs }) => JSON.stringify(inputs)?.includes('"ciphertext"')),
  "a nested secret": has(({ inputs }) => JSON.stringify(inputs?.deep)?.includes('"ciphertext"')),
  "an initialisation error": has(({ initErrors }) => initErrors),
  "a StackReference": has(({ type }) => type === "pulumi:pulumi:StackReference"),
  "get()": said(/Event read /),
  "a managed resource that becomes a read one": said(/Event read-replacement /),
  "a read one that is forgotten": said(/Event discard /),
  "a refresh with drift": (step) => step.do.startsWith("refresh") && said(/^resOutputsEvent update /)(step),
  "a refresh with a vanished resource": (step) => step.do === "refresh" && said(/^resOutputsEvent delete /)(step),
  "a duplicate URN": said(/Duplicate resource URN/),
  "a program that throws early": said(/error: thrown early/),
  "a program that throws late": said(/error: thrown late/),
  "a program that logs an error": said(/this is bad/),
  "a creation that fails": said(/boom on create/),
  "an update that fails": said(/boom on update/),
  "a deletion that fails": said(/boom on delete/),
  "going on after an error": (step) => step.do === "on and on" && said(/ failed corrupt/)(step),
  "a target": (step) => step.do === "only some" && said(/Event same probe:/)(step),
  "an abort": said(/update canceled/),
};

test.each(Object.entries(features))("the recordings hold %s", (_, occurs) => {
  expect(recorded.filter(occurs).length).toBeGreaterThan(0);
});
