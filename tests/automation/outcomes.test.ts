/** How releases end, and that the traffic is where it belongs each time. */
import type { ReleaseReport } from "../../automation/api";
import type { ReleaseConfig } from "../../config/settings";
import { ask, makeSite, result, type Site, users } from "./support";

const interrupted = ["one", "two"];

describe("a release", () => {
  let site: Site;
  const where = (team: string) => ({ environment: "dev", team });
  const versionOf = async (team: string) => (await site.expectWhole(team)).slots.find(({ live }) => live)?.ref;

  beforeAll(async () => {
    const slowBake = { release: { bake: "1s" } };
    site = await makeSite(
      {
        alpha: { ...slowBake, rules: { minimumRequests: 5 } },
        fresh: { ...slowBake, rules: { minimumRequests: 5 } },
        patient: {},
        eager: { release: { bake: "5s", concurrent: "replace" } },
        strict: { release: { bake: "2s", concurrent: "refuse" } },
        doubtful: { rules: { minimumRequests: 10_000 } },
        one: {},
        two: {},
      },
      { empty: ["fresh", "patient", "eager", "strict", "doubtful"] },
    );
  });
  afterAll(() => site?.close());

  test("that is not healthy is refused and never gets a request", async () => {
    const load = users(site, ["alpha"]);
    const report = await site.release("alpha", "unhealthy");
    const { failures, slots } = await load.end();
    expect(report).toMatchObject({ outcome: "refused", from: "alpha-1", to: "alpha-2", switches: [] });
    expect(report.reason).toMatch(/^candidate health: not healthy after 3s: \/alpha\/health answered 500/);
    expect({ failures, slots }).toEqual({ failures: [], slots: ["alpha-1"] });
    expect(await versionOf("alpha")).toBe("v1");
    expect((await site.status("alpha")).slots[1]).toMatchObject({ version: null, condition: "empty" });
  });

  test("that turns bad under traffic goes back by itself", async () => {
    const load = users(site, ["alpha"]);
    const report = await site.release("alpha", "turns-bad");
    const { failures } = await load.end();
    expect(report.outcome).toBe("rolled-back");
    expect(report.reason).toMatch(/^bake: error-rate: \d+ of \d+ requests failed, at most 5 % may$/);
    expect(report.switches.map(({ weights, direct }) => ({ weights, direct }))).toEqual([
      { weights: { "alpha-1": 0, "alpha-2": 100 }, direct: false },
      { weights: { "alpha-1": 100, "alpha-2": 0 }, direct: false },
    ]);
    // every wrong answer is the bad version's own
    expect(failures.filter((line) => !line.includes(`500 {"version":"${report.version}"`))).toEqual([]);
    expect(await versionOf("alpha")).toBe("v1");
  });

  test("that was rolled back from is not gone back to", async () => {
    const { error } = await site.desk.call("rollback", [where("alpha")]);
    expect(error).toMatchObject({ code: "no-rollback-target" });
    expect(error?.message).toContain("turns-bad");
    expect(await versionOf("alpha")).toBe("v1");
  });

  test("that settled is undone by one change of weights while the old version is warm", async () => {
    expect((await site.release("alpha", "v2")).outcome).toBe("settled");
    const before = await site.status("alpha");
    expect(before.slots.map(({ ref, live }) => [ref, live])).toEqual([
      ["v1", false],
      ["v2", true],
    ]);

    // a release that never came to the slot leaves the way back as it is
    expect((await site.release("alpha", "build-fails")).outcome).toBe("refused");
    expect((await site.status("alpha")).slots).toEqual(before.slots);

    const { result: report, journal } = await site.desk.call("rollback", [where("alpha")]);
    expect(report).toMatchObject({ outcome: "rolled-back", from: "alpha-2", to: "alpha-1" });
    const first = journal.find(({ kind }) => kind === "write")?.data.config as ReleaseConfig;
    expect(first).toMatchObject({
      live: "alpha-1",
      weights: { "alpha-1": 100, "alpha-2": 0 },
      slots: before.config.slots,
    });
    const after = await site.expectWhole("alpha");
    const pid = ({ detail }: { detail: string }) => /^pid \d+/.exec(detail)?.[0];
    expect(after.slots.map(pid)[0]).toBe(before.slots.map(pid)[0]);
    expect(after.slots[0]).toMatchObject({ ref: "v1", live: true, stopAfter: null });

    const again = await site.desk.call("rollback", [where("alpha")]);
    expect(again.error).toMatchObject({
      code: "no-rollback-target",
      message: expect.stringContaining("alpha-2 holds the version that the traffic was taken from (v2)"),
    });
    expect(await versionOf("alpha")).toBe("v1");
  });

  test("that a person aborts puts the traffic back", async () => {
    const driver = site.driver();
    const baking = driver.entry(({ kind, data }) => kind === "intent" && data.phase === "bake");
    const ending = driver.call("release", [{ ...where("alpha"), ref: "v3" }]);
    await baking;
    const asked = await site.desk.call<{ id: string }>("abort", [where("alpha")]);
    const { result: report } = await ending;
    expect(report).toMatchObject({
      id: asked.result?.id,
      outcome: "aborted",
      reason: expect.stringContaining("switchyard abort"),
    });
    expect(await versionOf("alpha")).toBe("v1");
    const late = await site.desk.call("abort", [where("alpha")]);
    expect(late.error).toMatchObject({
      code: "nothing-to-resume",
      message: expect.stringContaining("No release of dev.alpha is running"),
    });
  });

  test("that is interrupted at any phase leaves the live slot serving", async () => {
    const phases = ["plan", "admit", "stage", "verify", "shift", "bake", "settle"];
    const load = users(site, interrupted);
    await Promise.all(
      interrupted.map(async (team, i) => {
        for (const phase of phases.filter((_, at) => at % interrupted.length === i)) {
          const { result: report, error } = await site.drive("release", [{ ...where(team), ref: "v2" }], {
            do: "abort",
            kind: "intent",
            phase,
          });
          expect({ phase, error, outcome: report?.outcome, reason: report?.reason }).toEqual({
            ...{ phase, error: undefined, outcome: "aborted", reason: "the release was interrupted" },
          });
          expect(await versionOf(team)).toBe("v1");
        }
      }),
    );
    expect((await load.end()).failures).toEqual([]);
  });

  test("that is the first one and fails leaves no traffic, and a 503 that names the team", async () => {
    const expectNothing = async (report: ReleaseReport) => {
      expect(report).toMatchObject({ outcome: "refused", from: null });
      const { route, liveRoute, agrees } = await site.status("fresh");
      const none = { live: null, weights: { "fresh-1": 0, "fresh-2": 0 } };
      expect({ agrees, route, liveRoute }).toMatchObject({ agrees: true, route: none, liveRoute: none });
      expect(await ask(`${site.url}/fresh/work`)).toMatchObject({
        status: 503,
        body: expect.stringContaining("fresh"),
      });
    };
    await expectNothing(await site.release("fresh", "unhealthy"));
    const load = users(site, ["fresh"]);
    const exposed = await site.release("fresh", "turns-bad");
    await load.end();
    expect(exposed.reason).toMatch(/^bake: error-rate: /);
    await expectNothing(exposed);
    expect((await site.release("fresh", "v1")).outcome).toBe("settled");
    expect(await versionOf("fresh")).toBe("v1");
  });

  test("that has too little to be judged by halts, and a person accepts it or takes it back", async () => {
    const halted = await site.release("doubtful", "v1");
    expect(halted.outcome).toBe("halted");
    expect(halted.reason).toMatch(/^bake: error-rate: \d+ requests, and 10000 are needed/);
    const { error } = await site.desk.call("release", [{ ...where("doubtful"), ref: "v2" }]);
    expect(error).toMatchObject({ code: "halted", next: expect.stringContaining("switchyard resume doubtful dev") });
    expect((await ask(`${site.url}/doubtful/work`)).slot).toBe("doubtful-1");

    const accepted = await site.desk.call("resume", [where("doubtful")]);
    expect({ error: accepted.error, outcome: accepted.result?.outcome }).toEqual({
      error: undefined,
      outcome: "resumed",
    });
    expect(await versionOf("doubtful")).toBe("v1");

    expect((await site.release("doubtful", "v2")).outcome).toBe("halted");
    expect((await ask(`${site.url}/doubtful/work`)).slot).toBe("doubtful-2");
    const takenBack = await site.desk.call("rollback", [where("doubtful")]);
    expect({ error: takenBack.error, outcome: takenBack.result?.outcome }).toEqual({
      error: undefined,
      outcome: "rolled-back",
    });
    expect(await versionOf("doubtful")).toBe("v1");
  });

  test("waits for those before it where the team's policy is to queue", async () => {
    const asked = ["v1", "v2", "v3"].map((ref) => site.drive("release", [{ ...where("patient"), ref }]));
    const reports = (await Promise.all(asked)).map(result);
    expect(reports.map(({ outcome }) => outcome)).toEqual(["settled", "settled", "settled"]);
    await site.expectWhole("patient");
  });

  test("ends the one before it where the team's policy is to replace", async () => {
    const driver = site.driver();
    const baking = driver.entry(({ kind, data }) => kind === "intent" && data.phase === "bake");
    const first = driver.call("release", [{ ...where("eager"), ref: "v1" }]);
    await baking;
    const second = site.desk.call("release", [{ ...where("eager"), ref: "v2" }]);
    expect((await first).result).toMatchObject({ outcome: "aborted", reason: "a newer release replaces this one" });
    expect((await second).result).toMatchObject({ outcome: "settled", ref: "v2" });
    expect(await versionOf("eager")).toBe("v2");
  });

  test("is refused while another one runs where the team's policy says so", async () => {
    const driver = site.driver();
    const baking = driver.entry(({ kind, data }) => kind === "intent" && data.phase === "bake");
    const first = driver.call("release", [{ ...where("strict"), ref: "v1" }]);
    await baking;
    const { error } = await site.desk.call("release", [{ ...where("strict"), ref: "v2" }]);
    expect(error).toMatchObject({ code: "team-busy", message: expect.stringContaining(`pid ${driver.child.pid}`) });
    const resumed = await site.desk.call("resume", [where("strict")]);
    expect(resumed.error?.code).toBe("team-busy");
    expect((await first).result?.outcome).toBe("settled");
    expect(await versionOf("strict")).toBe("v1");
  });
});
