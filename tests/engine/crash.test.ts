import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const golden = join(process.cwd(), "tests", "engine", "golden");
const folder = mkdtempSync(join(tmpdir(), "crash-test-"));
const played = join(folder, "played.json");
beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(golden, "crash", "play.cjs"), join(golden, "engine.cjs"), played]);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Step {
  case: string;
  /** What was done after the lock was taken away. */
  order: string;
  step: string;
  locks: number;
  /** Resources, pending operations. */
  state: [unknown[], unknown[]] | "as before";
  cloud: string[];
  res?: unknown;
  calls?: string[];
  ev?: string[];
}

/** A step with what has no order sorted: calls, events, and what was made at once. */
function comparable(step: Step): unknown {
  const [resources, pending] = step.state === "as before" ? [[], []] : step.state;
  const bag = (list: unknown[]): string[] => list.map((item) => JSON.stringify(item)).sort();
  const ordered = step.case.startsWith("two creates") ? bag(resources) : resources;
  const events = (step.ev ?? []).map((text) => text.split("\n").sort().join("\n"));
  const state = step.state === "as before" ? step.state : [ordered, bag(pending)];
  return { ...step, state, calls: bag(step.calls ?? []), ev: bag(events) };
}

/** By what was killed and what came then. */
function byStory(file: string): Map<string, Step[]> {
  const stories = new Map<string, Step[]>();
  for (const step of JSON.parse(readFileSync(file, "utf8")) as Step[]) {
    const story = `${step.case}; then ${step.order}`;
    stories.set(story, [...(stories.get(story) ?? []), step]);
  }
  return stories;
}
const recorded = byStory(join(golden, "crash", "recorded.json"));

test.each([...recorded.keys()])(
  "killed at %s: lock, pending operations and all that follows are as with the real CLI",
  (story) => {
    expect(byStory(played).get(story)?.map(comparable)).toEqual(recorded.get(story)?.map(comparable));
  },
);

test("every kind of step was killed before and after the provider did it", () => {
  const left = [...recorded.values()].map(([killed]) => {
    const [, pending = []] = killed?.state ?? [];
    return [...pending].map((operation) => Object(operation).type).join();
  });
  expect(left.length).toBe(34);
  expect(new Set(left)).toEqual(new Set(["creating", "creating,creating", "updating", "deleting", ""]));
});
