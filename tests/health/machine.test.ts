import fc from "fast-check";
import { seeded, simulate, type Told, type World } from "../../bench/monitor/simulation";
import { defaultPolicy, type Plan, type State } from "../../health/check";
import { begin } from "../../health/machine/board";
import { observe, type Status, stateOf, unseen } from "../../health/machine/status";

const second = 1000;
const minute = 60 * second;
const plan = (id: string, more: Partial<Plan> = {}): Plan => ({
  id,
  policy: defaultPolicy,
  dependsOn: [],
  pages: true,
  ...more,
});
const of = (told: Told[], what: Told["what"]) => told.filter((one) => one.what === what);
/** Everything works but what `bad` names, and as long as it says. */
const failing =
  (bad: (check: string, at: number) => boolean): World =>
  (check, at) => ({ verdict: bad(check, at) ? "fail" : "pass", tookMs: 5 });

/** The states after each of these results. */
function states(results: State[]): State[] {
  let status: Status = unseen(0);
  return results.map((verdict, i) => {
    status = observe(defaultPolicy, status, { verdict, evidence: "", measurements: [], startedAt: i, at: i });
    return stateOf(status);
  });
}
const shown = (results: string) => {
  const letters: Record<string, State> = { p: "pass", w: "warn", f: "fail", u: "unknown" };
  return states([...results].map((letter) => letters[letter] ?? "unknown"))
    .map((state) => state[0])
    .join("");
};

describe("the state of a check", () => {
  test.each([
    ["one good answer is evidence, none is not", "p", "p"],
    ["a first failure proves nothing yet", "fff", "uuf"],
    ["one failure or two change nothing", "pfpffpp", "ppppppp"],
    ["three failures in a row are a failure", "pfff", "pppf"],
    ["one good answer does not end a failure, two do", "pfffpfpp", "pppffffp"],
    ["one bad backend of three is found too", "pfpfpfpf", "pppppppf"],
    ["one warning is not shown, two are, and two good answers end them", "pwpwwpp", "pppp" + "wwp"],
    ["a failure ends in a warning where the answers are warnings", "pfffww", "pppffw"],
    ["without evidence the state is unknown, and comes back with it", "puup", "puup"],
    ["no evidence does not end a failure", "pfffufpp", "pppfuffp"],
  ])("%s", (_promise, results, expected) => {
    expect(shown(results)).toBe(expected);
  });

  const result = fc.constantFrom<State>("pass", "warn", "fail", "unknown");

  test("is never good without a good result among the last two that were evidence, and never bad without three failures", () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 60 }), (results) => {
        states(results).forEach((state, i) => {
          const evidence = results.slice(0, i + 1).filter((one) => one !== "unknown");
          if (results[i] === "unknown") expect(state).toBe("unknown");
          if (state === "pass") expect(evidence.slice(-3)).not.toEqual(["fail", "fail", "fail"]);
          if (state === "fail") expect(evidence.filter((one) => one === "fail").length).toBeGreaterThanOrEqual(3);
          if (!evidence.includes("pass")) expect(state).not.toBe("pass");
        });
      }),
    );
  });

  test("whatever came before, enough good results end in pass and enough failures in fail", () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 60 }), (results) => {
        // a failure may end in a warning first
        expect(states([...results, "pass", "pass", "pass", "pass"]).at(-1)).toBe("pass");
        expect(states([...results, "fail", "fail", "fail"]).at(-1)).toBe("fail");
      }),
    );
  });
});

describe("who is called", () => {
  test("a dead target is one page, and its return resolves it", () => {
    const world = failing((_, at) => at > 10 * minute && at < 20 * minute);
    const { told } = simulate({ plans: [plan("a")], world, untilMs: 30 * minute, random: seeded(1) });
    expect(told.map(({ what }) => what)).toEqual(["record", "record", "page", "record", "resolve"]);
    expect(of(told, "page")[0]?.at).toBeLessThan(10 * minute + 42 * second);
  });

  test("every page is of a check that failed, no check is paged twice, and every page is resolved when all is well again", () => {
    const outage = fc.record({
      check: fc.nat(5),
      from: fc.integer({ min: 0, max: 40 * minute }),
      forMs: fc.integer({ min: 0, max: 15 * minute }),
    });
    const parents = fc.array(fc.nat(4), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(outage, { maxLength: 8 }), parents, fc.integer(), (outages, dependsOn, seed) => {
        // a check may only depend on one before it: no circles
        const plans = dependsOn.map((parent, i) => plan(`${i}`, { dependsOn: parent < i ? [`${parent}`] : [] }));
        const world = failing((check, at) =>
          outages.some((one) => `${one.check}` === check && at >= one.from && at < one.from + one.forMs),
        );
        const { told } = simulate({ plans, world, untilMs: 120 * minute, random: seeded(seed) });
        const open = new Set<string>();
        const state = new Map<string, State>();
        for (const { what, check, effect } of told) {
          if (effect.do === "record") state.set(check, effect.to);
          if (what === "page") {
            expect(open.has(check)).toBe(false);
            expect(state.get(check)).toBe("fail");
            open.add(check);
          }
          if (what === "resolve") {
            expect(open.delete(check)).toBe(true);
            expect(state.get(check)).not.toBe("fail");
          }
        }
        expect([...open]).toEqual([]);
        expect(new Set(state.values())).toEqual(new Set(["pass"]));
        const each = outages.filter((one) => one.forMs > 2 * minute);
        if (each.length > 0) expect(of(told, "page").length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  const children = Array.from({ length: 30 }, (_, i) => plan(`child-${i}`, { dependsOn: ["parent"] }));

  test("one parent down with 30 children is one page, and 31 honest timelines", () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = failing((_, at) => at > 5 * minute && at < 15 * minute);
      const { told } = simulate({
        plans: [plan("parent"), ...children],
        world,
        untilMs: 30 * minute,
        random: seeded(seed),
      });
      expect(of(told, "page").map(({ check }) => check)).toEqual(["parent"]);
      expect(of(told, "resolve")).toHaveLength(1);
      const failed = of(told, "record").filter(({ effect }) => effect.do === "record" && effect.to === "fail");
      expect(new Set(failed.map(({ check }) => check)).size).toBe(31);
    }
  });

  test("a child that stays down when its parent is back is paged then", () => {
    const world = failing((check, at) => at > 5 * minute && (check === "child-3" || at < 15 * minute));
    const { told } = simulate({ plans: [plan("parent"), ...children], world, untilMs: 30 * minute, random: seeded(2) });
    expect(of(told, "page").map(({ check }) => check)).toEqual(["parent", "child-3"]);
  });

  test("a child that failed before its parent resolves while the parent is down", () => {
    const world = failing((check, at) =>
      check === "parent" ? at > 10 * minute : at > 5 * minute && at < 20 * minute && check === "child-0",
    );
    const { told } = simulate({ plans: [plan("parent"), ...children], world, untilMs: 30 * minute, random: seeded(3) });
    expect(of(told, "page").map(({ check }) => check)).toEqual(["child-0", "parent"]);
    expect(of(told, "resolve").map(({ check }) => check)).toEqual(["child-0"]);
  });

  test("a parent that cannot be asked does not keep its children's failures quiet", () => {
    const world: World = (check, at) => ({
      verdict: check === "parent" ? "unknown" : at > 5 * minute && check === "child-7" ? "fail" : "pass",
      tookMs: 5,
    });
    const { told } = simulate({ plans: [plan("parent"), ...children], world, untilMs: 10 * minute, random: seeded(4) });
    expect(of(told, "page").map(({ check }) => check)).toEqual(["child-7"]);
  });

  test("a target that goes up and down is a page, one notice, and silence until it is steady", () => {
    const world = failing((_, at) => at > 10 * minute && at < 60 * minute && Math.floor(at / (40 * second)) % 2 === 0);
    const { told } = simulate({ plans: [plan("a")], world, untilMs: 120 * minute, random: seeded(5) });
    expect(of(told, "notice").map(({ effect }) => effect.do === "notice" && effect.flapping)).toEqual([true, false]);
    expect(of(told, "page").length).toBeLessThanOrEqual(3);
    expect(of(told, "page").length).toBe(of(told, "resolve").length);
  });

  test("in a maintenance window nobody is called, the timeline goes on, and a failure that outlives it is paged", () => {
    const world = failing((_, at) => at > 5 * minute);
    const windows = [
      { type: "windows" as const, at: 4 * minute, open: new Map([["a", "release r1"]]) },
      { type: "windows" as const, at: 20 * minute, open: new Map() },
    ];
    const { told } = simulate({ plans: [plan("a")], world, untilMs: 30 * minute, random: seeded(6), windows });
    expect(of(told, "record").map(({ effect }) => effect.do === "record" && effect.to)).toEqual(["pass", "fail"]);
    expect(of(told, "page").map(({ at }) => at)).toEqual([20 * minute]);
  });

  test("a check that is only shown calls nobody", () => {
    const { told } = simulate({
      plans: [plan("idle", { pages: false })],
      world: failing(() => true),
      untilMs: 10 * minute,
      random: seeded(7),
    });
    expect(told.map(({ what }) => what)).toEqual(["record"]);
  });
});

describe("the plan", () => {
  test("may change while it is watched: what stays keeps its state, what goes is resolved", () => {
    const first = begin([plan("a"), plan("b")], 0, () => 0);
    const [a, b] = ["a", "b"].map((id) => first.board.checks.get(id));
    if (!a || !b) throw new Error("not planned");
    const board = {
      ...first.board,
      checks: new Map([
        ["a", { ...a, pagedAt: 1 }],
        ["b", { ...b, pagedAt: 1 }],
      ]),
    };
    const { board: next, effects } = begin([plan("a"), plan("c")], 2, () => 0, board);
    expect(next.checks.get("a")?.pagedAt).toBe(1);
    expect(effects).toEqual([
      { do: "probe", check: "c", at: 2 },
      { do: "resolve", check: "b", at: 2, evidence: "it is not watched any more" },
    ]);
  });

  test("in which checks depend on each other in a circle is refused", () => {
    const circle = [plan("a", { dependsOn: ["c"] }), plan("b", { dependsOn: ["a"] }), plan("c", { dependsOn: ["b"] })];
    expect(() => begin(circle, 0, () => 0)).toThrow("in a circle: a -> c -> b -> a");
  });
});
