import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PendingOperation, ResourceState } from "../../engine/state/types";

const golden = join(process.cwd(), "tests", "engine", "golden");
const recorded = join(golden, "scripted");
const played = mkdtempSync(join(tmpdir(), "scenario-test-"));
beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(recorded, "scenario.cjs"), join(golden, "engine.cjs"), played]);
}, 240_000);
afterAll(() => rmSync(played, { recursive: true, force: true }));

interface Comparable {
  /** In the order of state. */
  names: string[];
  resources: Record<string, unknown>;
  pending: unknown[];
}

/** A checkpoint without what differs between two runs of one engine: ids, times, ciphertexts, positions. */
function comparable(file: string): Comparable {
  const text = readFileSync(file, "utf8").replaceAll(/"v1:[^"]*"/g, '"C"');
  const { resources = [], pending_operations: pending = [] } = JSON.parse(text).checkpoint.latest;
  const states: ResourceState[] = resources;
  const key = (state: ResourceState): string => `${state.urn}${state.delete ? " (to be deleted)" : ""}`;
  const ids = states.flatMap((state) => (state.id?.match(/[0-9a-f]{8}-/) ? [[state.id, `id of ${key(state)}`]] : []));
  const plain = ({ created, modified, sourcePosition, stackTrace, dependencies, ...kept }: ResourceState): unknown => {
    const list = dependencies ? { ...kept, dependencies: [...dependencies].sort() } : kept;
    const named = ids.reduce((json, [id = "", name = ""]) => json.replaceAll(id, name), JSON.stringify(list));
    return JSON.parse(named.replaceAll(/probe-[0-9a-f-]{36}/g, "id of something gone"));
  };
  return {
    names: states.map(key),
    resources: Object.fromEntries(states.map((state) => [key(state), plain(state)])),
    pending: pending.map(({ type, resource }: PendingOperation) => ({ type, resource: plain(resource) })),
  };
}

const steps = readdirSync(recorded).filter((name) => /^\d\d-[^.]*\.json$/.test(name));
/** Its first steps register providers at the same time, and the order in which these arrive is nobody's promise. */
const concurrentUntil = "06";

test.each(steps)("state after step %s is what the real CLI left", (name) => {
  const ours = comparable(join(played, name));
  const real = comparable(join(recorded, name));
  expect(ours.resources).toEqual(real.resources);
  expect(ours.pending).toEqual(real.pending);
  const order = (names: string[]): string[] => (name.slice(0, 2) <= concurrentUntil ? names.toSorted() : names);
  expect(order(ours.names)).toEqual(order(real.names));
});

interface Event {
  diagnosticEvent?: { severity: string; message: string; urn?: string };
  summaryEvent?: { result: string; resourceChanges: unknown; maybeCorrupt: boolean };
  [kind: string]: unknown;
}

/** What an event says, without values: ids and times differ, and so do stack traces. */
function said(event: Event): string {
  const { diagnosticEvent, summaryEvent } = event;
  const kind = Object.keys(event).find((key) => key !== "sequence" && key !== "timestamp") ?? "";
  if (diagnosticEvent) {
    const { severity, message, urn = "" } = diagnosticEvent;
    return [kind, severity, urn, message.includes("\n    at ") ? message.split("\n")[0] : message].join(" ");
  }
  if (summaryEvent) {
    const { result, resourceChanges, maybeCorrupt } = summaryEvent;
    return JSON.stringify([kind, result, Object.entries(Object(resourceChanges)).sort(), maybeCorrupt]);
  }
  const { metadata, ...rest } = Object(event[kind]);
  if (metadata === undefined) return kind;
  const { op, urn, keys, logical, old, new: next } = metadata;
  return JSON.stringify([kind, op, urn, keys, logical, old !== null, next !== null, rest]);
}

/** What the other engine need not say: by chance, or because the recording process said it. */
const byChance: Record<string, RegExp> = {
  // The run is stopped while the first of the two may just have begun.
  "18-dup-urn.json": /Event","same","[^"]*::a2"|^\["summaryEvent"/,
  // The provider's own server ran in the recording process and logged the exception too.
  "19-program-throws.json": /^diagnosticEvent error {2}Error: user code failed/,
};
const withEvents = steps.filter((name) => existsSync(join(recorded, name.replace(".json", ".events.json"))));

test.each(withEvents)("the events of step %s are the real CLI's", (name) => {
  const events = (folder: string): string[] => {
    const all: Event[] = JSON.parse(readFileSync(join(folder, name.replace(".json", ".events.json")), "utf8"));
    return all
      .map(said)
      .filter((text) => !byChance[name]?.test(text))
      .sort();
  };
  expect(events(played)).toEqual(events(recorded));
});
