/** A driver may die at any moment: somebody else goes on, and users never notice. */
import type { JournalEntry } from "../../automation/api";
import { makeSite, type Site, type Users, users } from "./support";

const teams = ["alpha", "beta", "gamma", "delta"];
/** plan, admit, verify and bake leave two entries, stage, shift and settle four. */
const entriesOfRelease = 20;

describe("a driver that is killed", () => {
  let site: Site;
  let load: Users;
  beforeAll(async () => {
    site = await makeSite(Object.fromEntries(teams.map((team) => [team, {}])));
    load = users(site, teams);
  });
  afterAll(() => site?.close());

  test("at any entry of its journal is taken over, and the release is finished", async () => {
    const undisturbed = await site.drive("release", [{ environment: "dev", team: "alpha", ref: "v2" }]);
    expect(undisturbed.result?.outcome).toBe("settled");
    expect(undisturbed.journal).toHaveLength(entriesOfRelease);

    const boundaries = Array.from({ length: entriesOfRelease }, (_, i) => i + 1);
    const share = (i: number) => boundaries.filter((boundary) => boundary % teams.length === i);
    await Promise.all(teams.map((team, i) => killAtEach(team, share(i), undisturbed.journal)));
  }, 240_000);

  test("in the middle of a stack operation is taken over, and the release is finished", async () => {
    const moments = [
      { seq: 6, afterMs: 30 },
      { seq: 12, afterMs: 10 },
      { seq: 12, afterMs: 25 },
      { seq: 18, afterMs: 25 },
    ];
    await Promise.all(
      teams.map(async (team, i) => {
        const release = { environment: "dev", team, ref: "v4" };
        const { result } = await site.drive("release", [release], { do: "kill", ...moments[i] });
        // a driver that was faster than its end has settled
        if (result === undefined) await expectFinished(team, "v4");
        else expect(result.outcome).toBe("settled");
      }),
    );
  }, 240_000);

  test("while it rolls back is taken over, and the traffic goes back", async () => {
    // the way back has an intent, a write, what was written and a result, and so has the cleaning up after it
    const entries = [2, 3, 4, 6];
    await Promise.all(
      teams.map(async (team, i) => {
        const killed = await site.drive("rollback", [{ environment: "dev", team }], { do: "kill", seq: entries[i] });
        expect([killed.result, killed.error]).toEqual([undefined, undefined]);
        const { result, error } = await site.desk.call("resume", [{ environment: "dev", team }]);
        expect({ error, outcome: result?.outcome }).toEqual({ error: undefined, outcome: "rolled-back" });
        const { slots } = await site.expectWhole(team);
        expect(slots.find(({ live }) => live)).toMatchObject({
          slot: result?.to,
          ref: expect.stringMatching(/^v[23]$/),
        });
      }),
    );
  }, 240_000);

  test("and no user's request failed over all of it", async () => {
    const { total, failures } = await load.end();
    expect(failures).toEqual([]);
    expect(total).toBeGreaterThan(500);
  });

  async function killAtEach(team: string, boundaries: number[], undisturbed: JournalEntry[]): Promise<void> {
    let version = 2;
    for (const seq of boundaries) {
      version = version === 2 ? 3 : 2;
      const release = { environment: "dev", team, ref: `v${version}` };
      const killed = await site.drive("release", [release], { do: "kill", seq });
      expect([team, seq, killed.result, killed.error]).toEqual([team, seq, undefined, undefined]);
      const kinds = (journal: JournalEntry[]) => journal.map(({ kind, data }) => [kind, data.phase]);
      expect(kinds(killed.journal)).toEqual(kinds(undisturbed.slice(0, seq)));
      await expectFinished(team, `v${version}`);
    }
  }

  async function expectFinished(team: string, version: string): Promise<void> {
    const { result, error } = await site.desk.call("resume", [{ environment: "dev", team }]);
    expect({ error, outcome: result?.outcome, reason: result?.reason }).toEqual({
      ...{ error: undefined, outcome: "resumed", reason: "the candidate is live" },
    });
    const { slots } = await site.expectWhole(team);
    expect(slots.find(({ live }) => live)?.ref).toBe(version);
  }
});
