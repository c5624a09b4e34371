import { compare } from "../../bench/branches/compare";
import { generate } from "../../bench/branches/generate";
import { createMatrix, type PairVerdict } from "../../branches/conflicts";
import { temporaryFolder } from "./support";

/** `npm run bench:branches` does the same with a hundred thousand pairs. */
test.each([1, 2, 3, 4, 5, 6])(
  "the matrix says what git's own merge says, of each branch, pair and file (seed %i)",
  async (seed) => {
    const branches = 35;
    const generated = await generate(temporaryFolder(), { seed, branches, moved: seed % 2 === 0 });
    const compared = await compare(generated);
    expect(compared.differences).toEqual([]);
    // the generator makes both kinds, and most pairs need no merge
    expect(compared.conflicts).toBeGreaterThan(0);
    expect(compared.byIndex / compared.pairs).toBeGreaterThan(0.6);
  },
);

test("push by push it comes to the same verdicts as all at once, and tells each change", async () => {
  const { repository, tips, base } = await generate(temporaryFolder(), { seed: 7, branches: 24, moved: true });
  const first = (await repository.text(["rev-list", "--first-parent", "main"])).split("\n").at(-1) ?? "";
  const matrix = createMatrix(repository);
  const told = new Map<string, PairVerdict>();
  const branches = new Map<string, string>();
  const bring = async (to: string) => {
    const { pairs } = await matrix.update({ base: to, branches });
    for (const { before, now } of pairs) {
      const key = `${(now ?? before)?.ours} ${(now ?? before)?.theirs}`;
      expect(told.get(key)).toEqual(before);
      if (now) told.set(key, now);
      else told.delete(key);
    }
  };
  for (const [name, commit] of tips) {
    branches.set(name, commit);
    await bring(first);
  }
  await bring(base);
  for (const name of ["team/b3", "team/b11"]) {
    branches.delete(name);
    await bring(base);
    branches.set(name, tips.get(name) ?? "");
    await bring(base);
  }

  const fresh = createMatrix(repository);
  await fresh.update({ base, branches: tips });
  const sorted = (pairs: PairVerdict[]) => pairs.sort((a, b) => (a.ours + a.theirs < b.ours + b.theirs ? -1 : 1));
  expect(sorted(matrix.pairs())).toEqual(sorted(fresh.pairs()));
  expect(sorted([...told.values()])).toEqual(sorted(fresh.pairs()));
  await Promise.all([matrix.close(), fresh.close()]);
});
