/** A repository as a busy company has it: many files, many branches that begin at the base of the last days. */
import type { GitRepository } from "../../branches/git";
import type { Generated } from "./generate";
import { type File, type GeneratedCommit, importCommits } from "./import";
import { type Random, random } from "./random";

const linesPerFile = 60;
const baseCommits = 20;

export async function generateTeam(
  dir: string,
  { seed, files: count, branches }: { seed: number; files: number; branches: number },
): Promise<Generated> {
  const dice = random(seed);
  const files = new Map<string, File>();
  for (let i = 0; i < count; i++) {
    const lines = Array.from({ length: linesPerFile }, (_, n) => `const value${n} = compute(${i}, ${n});\n`);
    files.set(`packages/p${i % 97}/src/m${i % 13}/file${i}.ts`, fileOf(lines));
  }
  const paths = [...files.keys()];
  const commits: GeneratedCommit[] = [{ branch: "main", files, parents: [] }];
  for (let i = 0; i < baseCommits; i++)
    commits.push({ branch: "main", files: work(commits[i]?.files ?? files, paths, dice), parents: [i] });
  const tips = new Map<string, number>();
  for (let i = 0; i < branches; i++) {
    // half of them at the tip, the others up to twenty commits behind
    const start = dice.chance(0.5) ? baseCommits : dice.below(baseCommits);
    const branch = `feature/realtime-b${i}`;
    tips.set(
      branch,
      commits.push({ branch, files: work(commits[start]?.files ?? files, paths, dice), parents: [start] }),
    );
  }
  const repository = await importCommits(dir, commits);
  const oids = await repository.text(["rev-parse", "main", ...tips.keys()]);
  const [base = "", ...ofBranches] = oids.split("\n");
  return { repository, base, tips: new Map([...tips.keys()].map((name, i) => [name, ofBranches[i] ?? ""])) };
}

/** One branch's work: some twenty files, a few of them where many work; now and then a file added, deleted or renamed. */
function work(before: ReadonlyMap<string, File>, paths: readonly string[], dice: Random): Map<string, File> {
  const files = new Map(before);
  const edited = 5 + dice.below(30);
  for (let i = 0; i < edited; i++) {
    const path = paths[dice.chance(0.05) ? dice.below(20) : dice.below(paths.length)] ?? "";
    const file = files.get(path);
    if (!file) continue;
    const lines = file.data.toString().split(/(?<=\n)/);
    lines.splice(dice.below(linesPerFile), dice.below(3), `changed(${dice.below(1 << 20)});\n`);
    files.set(path, fileOf(lines));
  }
  for (let i = dice.below(4); i > 0; i--)
    files.set(`packages/p${dice.below(97)}/new/${dice.below(1 << 20)}.ts`, fileOf(["new\n"]));
  if (dice.chance(0.2)) files.delete(dice.pick(paths));
  const moved = dice.pick(paths);
  const file = files.get(moved);
  if (dice.chance(0.1) && file) {
    files.delete(moved);
    files.set(`${moved}.moved`, file);
  }
  return files;
}

const fileOf = (lines: readonly string[]): File => ({ mode: "100644", data: Buffer.from(lines.join("")) });

/** One more commit on a branch, in some ten files; its id. */
export async function pushWork(repository: GitRepository, branch: string, { seed }: { seed: number }): Promise<string> {
  const dice = random(seed);
  const listed = await repository.text(["ls-tree", "-r", "--name-only", branch]);
  const paths = listed.split("\n");
  const commands = Array.from({ length: 10 }, async () => {
    const path = dice.pick(paths);
    const { stdout } = await repository.run(["cat-file", "blob", `${branch}:${path}`]);
    const data = Buffer.from(stdout.toString().replace(/\n/, `\npushed(${dice.below(1 << 20)});\n`));
    return `M 100644 inline ${path}\ndata ${data.length}\n${data}\n`;
  });
  const head = `commit refs/heads/${branch}\ncommitter Generated <generated@example.invalid> 1800000000 +0000\ndata 4\npush\nfrom refs/heads/${branch}^0\n`;
  await repository.run(["fast-import", "--quiet", "--done"], {
    input: `${head}${(await Promise.all(commands)).join("")}\ndone\n`,
  });
  return repository.text(["rev-parse", branch]);
}
