import { createMatrix } from "../../branches/conflicts";
import type { Generated } from "./generate";
import { judgeByGit } from "./judge";

export interface Comparison {
  pairs: number;
  conflicts: number;
  /** Decided by the index, without a merge. */
  byIndex: number;
  /** In words, each with the names that reproduce it. */
  differences: string[];
  indexMs: number;
  gitMs: number;
}

/** The matrix against git's own merges: each branch against the base, each pair, and which files conflict. */
export async function compare(generated: Generated): Promise<Comparison> {
  const began = performance.now();
  const matrix = createMatrix(generated.repository);
  try {
    await matrix.update({ base: generated.base, branches: generated.tips });
    const indexMs = performance.now() - began;
    const verdicts = new Map(matrix.pairs().map((pair) => [`${pair.ours} ${pair.theirs}`, pair]));
    const judgement = await judgeByGit(generated);
    const differences: string[] = [];
    for (const { branch, state } of matrix.branches()) {
      const outside = state === "conflict" || state === "unrelated";
      if (outside !== judgement.outside.has(branch)) differences.push(`${branch} against the base: ${state}`);
    }
    let conflicts = 0;
    let byGit = 0;
    for (const [key, paths] of judgement.pairs) {
      const verdict = verdicts.get(key);
      const found = verdict?.state === "conflict" ? [...new Set(verdict.files.map(({ path }) => path))].sort() : [];
      const expected = paths.map((path) => Buffer.from(path, "latin1").toString());
      if (paths.length > 0) conflicts++;
      if (verdict?.by === "git") byGit++;
      if (found.join("\n") !== expected.join("\n"))
        differences.push(
          `${key}: git says [${expected.join(", ")}], the matrix [${found.join(", ")}] by ${verdict?.by}`,
        );
    }
    const pairs = judgement.pairs.size;
    const gitMs = performance.now() - began - indexMs;
    return { pairs, conflicts, byIndex: pairs - byGit, differences, indexMs, gitMs };
  } finally {
    await matrix.close();
  }
}
