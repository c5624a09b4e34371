/** What the release's state machine promises, from any state that a driver can be in and in any order of events. */
import fc from "fast-check";
import type { GateResult, Outcome, Phase } from "../../automation/api";
import {
  begin,
  type Effect,
  type Event,
  goOn,
  type Release,
  type Step,
  transition,
} from "../../automation/release/state";

const phases: Phase[] = ["plan", "admit", "stage", "verify", "shift", "bake", "settle", "roll-back", "clean", "done"];
const mayBeExposed: Phase[] = ["shift", "bake", "settle", "roll-back", "done"];
const mustBeExposed: Phase[] = ["shift", "bake", "settle"];
const judgedPhases: Phase[] = ["admit", "verify", "bake"];
const goingBack: Phase[] = ["roll-back", "clean"];

const anyVerdict = fc.constantFrom<GateResult["verdict"]>("pass", "fail", "inconclusive", "no-data", "error");
const anyReason = fc.constantFrom("alarm", "health", "crash");
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.constant<Event>({ type: "done" }),
  fc.record({
    type: fc.constant("gate" as const),
    result: fc.record({ gate: anyReason, verdict: anyVerdict, evidence: anyReason }),
  }),
  fc.record({ type: fc.constantFrom("failed" as const, "halt" as const, "abort" as const), reason: anyReason }),
);

const anySteps = fc.constantFrom<number[]>([100], [10, 100], [10, 50, 100]);
const anyOutcome = fc.constantFrom<Outcome>("refused", "rolled-back", "aborted", "resumed");
const anyDecision = fc.option(fc.record({ outcome: anyOutcome, reason: anyReason }));
const anyBeginning = fc.record({
  steps: anySteps,
  first: fc.boolean(),
  noData: fc.constantFrom("halt" as const, "roll-back" as const),
});

/** The invariant of every state: traffic only in these phases, and never without a verification. */
const isConsistent = ({ halted, ...release }: Release): boolean =>
  (halted === null || (release.phase === "done" && isConsistent({ ...release, ...halted, halted: null }))) &&
  (!release.exposed || (release.verified && release.hadTraffic && mayBeExposed.includes(release.phase))) &&
  (!mustBeExposed.includes(release.phase) || release.exposed) &&
  (release.phase !== "done" || release.verdict !== null);

const anyState: fc.Arbitrary<Release> = fc
  .record({
    phase: fc.constantFrom(...phases),
    steps: anySteps,
    step: fc.nat(2),
    verified: fc.boolean(),
    exposed: fc.boolean(),
    hadTraffic: fc.boolean(),
    first: fc.boolean(),
    resumed: fc.boolean(),
    noData: fc.constantFrom("halt" as const, "roll-back" as const),
    verdict: anyDecision,
    halted: fc.option(
      fc.record({ phase: fc.constantFrom(...phases.filter((phase) => phase !== "done")), verdict: anyDecision }),
    ),
  })
  .map((state) => ({
    ...state,
    step: Math.min(state.step, state.steps.length - 1),
    halted: state.phase === "done" ? state.halted : null,
    verdict:
      state.phase === "done" && state.halted
        ? { outcome: "halted" as const, reason: "a person decides" }
        : state.verdict,
  }))
  .filter(isConsistent);

/** An effect that is judged ends with a verdict, the others with "done"; anything may fail, halt or be aborted. */
const fits = (phase: Phase, event: Event): boolean => event.type !== "done" || !judgedPhases.includes(phase);

const givesTraffic = (effect: Effect | null): boolean => effect?.do === "shift";

/** Drives the machine as the driver does, with these events until they run out, then with what `last` answers. */
function drive(start: Step, events: Event[], last: (effect: Effect) => Event): Step[] {
  const steps = [start];
  let { release, effect } = start;
  const queue = [...events];
  for (let i = 0; effect !== null && i < 100; i += 1) {
    const event: Event = queue.shift() ?? last(effect);
    // the way back is what an abort asks for: the driver does not pass one on to it
    if (!fits(release.phase, event) || (event.type === "abort" && goingBack.includes(release.phase))) continue;
    ({ release, effect } = transition(release, event));
    steps.push({ release, effect });
  }
  return steps;
}

const works = (effect: Effect): Event =>
  effect.do === "admit" || effect.do === "verify" || effect.do === "bake"
    ? { type: "gate", result: { gate: effect.do, verdict: "pass", evidence: "fine" } }
    : { type: "done" };

const promise = (property: fc.IRawProperty<unknown>) => fc.assert(property as fc.IProperty<unknown>, { numRuns: 2000 });

describe("a release", () => {
  test("never points traffic at a candidate that was not verified", () => {
    promise(
      fc.property(anyState, anyEvent, (state, event) => {
        if (!fits(state.phase, event)) return;
        const { release, effect } = transition(state, event);
        expect(isConsistent(release)).toBe(true);
        if (givesTraffic(effect)) expect(release).toMatchObject({ verified: true, exposed: true, hadTraffic: true });
      }),
    );
  });

  test("keeps that promise when a take-over goes on from any saved state", () => {
    promise(
      fc.property(anyState, fc.boolean(), (state, resumed) => {
        const { release, effect } = goOn(state, resumed);
        expect(isConsistent(release)).toBe(true);
        expect(effect === null).toBe(release.phase === "done");
        if (state.halted) expect(effect).not.toBeNull();
        if (givesTraffic(effect)) expect(release.verified).toBe(true);
      }),
    );
  });

  test("does not trust a saved state that gives traffic without a verification", () => {
    for (const phase of ["shift", "bake"] as const) {
      const state: Release = {
        ...begin({ steps: [100], first: false, noData: "halt" }).release,
        phase,
        exposed: true,
        hadTraffic: true,
      };
      expect(goOn(state).effect).toEqual({ do: "roll-back" });
    }
  });

  test("can put the traffic back at any moment while the candidate has some", () => {
    promise(
      fc.property(anyState, anyReason, (state, reason) => {
        if (!state.exposed || state.phase === "done") return;
        expect(transition(state, { type: "abort", reason }).effect).toEqual({ do: "roll-back" });
      }),
    );
  });

  test("ends with the candidate's traffic put back, unless it settled or a person has to decide", () => {
    promise(
      fc.property(anyBeginning, fc.array(anyEvent, { maxLength: 20 }), (options, events) => {
        const { release } = drive(begin(options), events, works).at(-1) as Step;
        if (release.exposed) expect(["settled", "halted"]).toContain(release.verdict?.outcome);
      }),
    );
  });

  test("always comes to an end", () => {
    promise(
      fc.property(anyState, fc.boolean(), fc.array(anyEvent, { maxLength: 30 }), (state, takenOver, events) => {
        const start = takenOver ? goOn(state) : transition(state, { type: "failed", reason: "crash" });
        const { release, effect } = drive(start, events, works).at(-1) as Step;
        expect(effect).toBeNull();
        expect(release).toMatchObject({ phase: "done", verdict: { outcome: expect.any(String) } });
      }),
    );
  });

  test("is over when it is over: nothing that comes later does anything", () => {
    promise(
      fc.property(anyState, anyEvent, (state, event) => {
        if (state.phase !== "done") return;
        expect(transition(state, event)).toEqual({ release: state, effect: null });
      }),
    );
  });

  test("says the first reason why it went back, and at most adds to it", () => {
    promise(
      fc.property(anyState, anyEvent, (state, event) => {
        if (state.verdict === null || !goingBack.includes(state.phase) || !fits(state.phase, event)) return;
        const { verdict } = transition(state, event).release;
        expect(verdict?.reason.startsWith(state.verdict.reason)).toBe(true);
        if (verdict?.outcome !== "halted") expect(verdict?.outcome).toBe(state.verdict.outcome);
      }),
    );
  });

  test("that halts does not hide that its candidate has traffic", () => {
    promise(
      fc.property(anyState, anyEvent, (state, event) => {
        if (state.phase === "done" || !fits(state.phase, event)) return;
        const { release } = transition(state, event);
        if (release.verdict?.outcome === "halted")
          expect(release).toMatchObject({ phase: "done", exposed: state.exposed, hadTraffic: state.hadTraffic });
      }),
    );
  });

  test("never takes an answer that is no answer for a pass", () => {
    const noPass = anyVerdict.filter((verdict) => verdict !== "pass");
    promise(
      fc.property(anyState, noPass, anyReason, (state, verdict, gate) => {
        if (!judgedPhases.includes(state.phase)) return;
        const { effect } = transition(state, { type: "gate", result: { gate, verdict, evidence: "none" } });
        expect(["roll-back", "clean", undefined]).toContain(effect?.do);
      }),
    );
  });

  test("whose driver dies at any step and is taken over ends as one that was left alone", () => {
    promise(
      fc.property(anyBeginning, fc.nat(20), (options, deathAt) => {
        const undisturbed = drive(begin(options), [], works);
        const saved = undisturbed[Math.min(deathAt, undisturbed.length - 2)] as Step;
        const { release } = drive(goOn(saved.release), [], works).at(-1) as Step;
        expect(undisturbed.at(-1)?.release.verdict?.outcome).toBe("settled");
        expect(release.verdict?.outcome).toBe("resumed");
      }),
    );
  });
});
