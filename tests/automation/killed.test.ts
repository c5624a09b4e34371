/** A driver may die at any moment: somebody else goes on, and users never notice. */
import type { JournalEntry } from "../../automation/api";
import { type Answer, makeSite, type Site, type Users, users } from "./support";

const teams = ["alpha", "beta", "gamma", "delta"];
/** plan, admit, verify and bake leave two entries, stage, shift and settle four. */
const entriesOfRelease = 20;

describe("a driver that is killed", () => {
  let site: Site;
  let load: Users;
  beforeAll(async () => {
    site = await makeSite(Object.fromEntries(teams.map((team) => [team, {}])));
    load = users(site, teams);
  }, 120_000);
  afterAll(() => site?.close(), 60_000);

  test("at any entry of its journal is taken over, and the release is finished", async () => {
    const undisturbed = await site.drive("release", [{ environment: "dev", team: "alpha", ref: "v2" }]);
    expect(undisturbed.result?.outcome).toBe("settled");
    expect(undisturbed.journal).toHaveLength(entriesOfRelease);

    const boundaries = Array.from({ length: entriesOfRelease }, (_, i) => i + 1);
    const share = (i: number) => boundaries.filter((boundary) => boundary % teams.length === i);
    await Promise.all(teams.map((team, i) => killAtEach(team, share(i), undisturbed.journal)));
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
      const began = Date.now();
      const killed = await site.drive("release", [{ environment: "dev", team, ref: `v${version}` }], {
        do: "kill",
        seq,
      });
      const died = Date.now();
      const kinds = ({ journal }: Answer<unknown>) => journal.map(({ kind, data }) => [kind, data.phase]);
      expect([team, seq, killed.result, killed.error]).toEqual([team, seq, undefined, undefined]);
      expect(kinds(killed)).toEqual(kinds({ journal: undisturbed.slice(0, seq) }));
      const { result, error } = await site.desk.call("resume", [{ environment: "dev", team }]);
      if (process.env.TIMES) console.log(team, seq, died - began, Date.now() - died);
      expect({ seq, error, outcome: result?.outcome, reason: result?.reason }).toEqual({
        seq,
        error: undefined,
        outcome: "resumed",
        reason: "the candidate is live",
      });
      const { slots } = await site.expectWhole(team);
      expect(slots.find(({ live }) => live)?.ref).toBe(`v${version}`);
    }
  }
});
