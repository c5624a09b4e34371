import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const golden = join(process.cwd(), "tests", "engine", "golden");
const folder = mkdtempSync(join(tmpdir(), "rules-test-"));
const played = join(folder, "played.json");
beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(golden, "rules", "play.cjs"), join(golden, "engine.cjs"), played]);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Step {
  rule: string;
  step: number;
  res: unknown;
  state: unknown;
  calls: string[];
  cloud: string[];
  ev: string[];
}

/** Exceptions of the program were also logged by the provider's server, and by programs that an earlier step left behind. */
const echo = /^diagnosticEvent error {2}error: (Unhandled exception: )?Error: /;
/** What the CLI does in a step and this engine means not to. */
const onlyCli: Record<string, RegExp> = {
  // What was deleted before a replacement that then failed is deleted a second time.
  "delete before replace, with dependents 5": /^(delete b |\w+Event delete-replaced probe:index:Thing::b )/,
  // A resource is checked before it is said that a target is missing.
  "targets 2": /^check m /,
};

/** A step with what has no order sorted. */
function comparable(step: Step): unknown {
  const { rule, step: number, calls, ev } = step;
  const kept = (text: string): boolean => !echo.test(text) && !onlyCli[`${rule} ${number}`]?.test(text);
  return {
    ...step,
    calls: calls.filter(kept).sort(),
    ev: ev
      .filter(kept)
      .map((text) => text.replace("was was", "was"))
      .sort(),
  };
}

const read = (file: string): Step[] => JSON.parse(readFileSync(file, "utf8"));
const recorded = read(join(golden, "rules", "recorded.json"));

test.each(recorded.map((step) => [step.rule, step.step, step] as const))(
  "%s: step %d ends as on the real CLI",
  (...args) => {
    const [rule, number, real] = args;
    const ours = read(played).find((step) => step.rule === rule && step.step === number);
    expect(ours && comparable(ours)).toEqual(comparable(real));
  },
);
