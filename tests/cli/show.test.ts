import fc from "fast-check";
import type { Outcome } from "../../automation/api";
import { nearest } from "../../cli/names";
import { exitCodeOf } from "../../cli/show/outcome";
import { unpainted } from "../../cli/show/paint";
import { newProgress, progressLines } from "../../cli/show/progress";
import { table } from "../../cli/show/table";
import { duration } from "../../cli/show/words";
import { exitCodes } from "../../config/errors";

describe("exit codes tell a pipeline how a release ended", () => {
  test.each<[Outcome, number]>([
    ["settled", exitCodes.ok],
    ["resumed", exitCodes.ok],
    ["refused", exitCodes.refused],
    ["rolled-back", exitCodes.rolledBack],
    ["halted", exitCodes.halted],
    ["aborted", exitCodes.refused],
  ])("%s is %d", (outcome, code) => {
    expect(exitCodeOf(outcome, "release", false)).toBe(code);
  });

  test("a rollback that a person asked for is a success", () => {
    expect(exitCodeOf("rolled-back", "rollback", false)).toBe(exitCodes.ok);
  });

  test("an abort by Ctrl-C is told apart from one by somebody else", () => {
    expect(exitCodeOf("aborted", "release", true)).toBe(exitCodes.interrupted);
  });
});

describe("the live view", () => {
  const running = () => {
    const progress = newProgress("deploy jobs v2 dev", 1000);
    progress.phases.push({ name: "plan", startedAt: 1000, gates: [] });
    progress.phases.push({ name: "verify", startedAt: 1040, gates: [] });
    return progress;
  };

  test("shows each phase with its time, and the running one with the last line of output", () => {
    const progress = { ...running(), line: "listening" };
    expect(progressLines(progress, 2540, 80, unpainted)).toEqual([
      "deploy jobs v2 dev  1.54 s",
      "  ✓ plan      40 ms",
      "  ● verify    1.50 s",
      "    listening",
    ]);
  });

  test("marks the phase whose gate said no", () => {
    const progress = { ...running(), endedAt: 2040 };
    progress.phases[1]?.gates.push({ gate: "health", verdict: "fail", evidence: "exited with code 3" });
    expect(progressLines(progress, 9000, 80, unpainted)).toEqual([
      "deploy jobs v2 dev  1.04 s",
      "  ✓ plan      40 ms",
      "  ✗ verify    1.00 s",
      "    health fail: exited with code 3",
    ]);
  });

  test("never draws a line that a terminal would wrap", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 60, max: 200 }), (title, text, columns) => {
        const progress = { ...running(), title, line: text, notes: [text] };
        progress.phases[1]?.gates.push({ gate: "health", verdict: "pass", evidence: text });
        for (const line of progressLines(progress, 5000, columns, unpainted)) expect(line.length).toBeLessThan(columns);
      }),
    );
  });
});

test("a name with one mistake in it is guessed right", () => {
  const teams = ["realtime-collaboration", "ai-workflow", "billing"];
  fc.assert(
    fc.property(fc.constantFrom(...teams), fc.nat(), fc.constantFrom("drop", "double", "swap"), (team, at, mistake) => {
      const i = at % (team.length - 1);
      const typed = {
        drop: team.slice(0, i) + team.slice(i + 1),
        double: team.slice(0, i) + team.charAt(i) + team.slice(i),
        swap: team.slice(0, i) + team.charAt(i + 1) + team.charAt(i) + team.slice(i + 2),
      }[mistake];
      expect(nearest(typed, teams)).toBe(team);
    }),
  );
  expect(nearest("payments", teams)).toBeUndefined();
});

test("columns stand under each other, coloured or not", () => {
  expect(
    table([
      ["a", "bb"],
      ["\x1b[32mccc\x1b[39m", "d", "e"],
    ]),
  ).toEqual(["a    bb", "\x1b[32mccc\x1b[39m  d   e"]);
});

test("times read as a person says them", () => {
  expect([0.4, 87, 1234, 75_400].map(duration)).toEqual(["0 ms", "87 ms", "1.23 s", "1 min 15 s"]);
});
