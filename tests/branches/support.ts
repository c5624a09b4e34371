import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type File, type GeneratedCommit, importCommits } from "../../bench/branches/import";
import { createMatrix, type Matrix, type Tips } from "../../branches/conflicts";
import type { GitRepository } from "../../branches/git";

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-branches-"));
  folders.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Text, or a file of another kind. */
export type Content = string | File;

export const numbered = (count: number, changed: Record<number, string> = {}): string =>
  Array.from({ length: count }, (_, i) => `${changed[i + 1] ?? `line ${i + 1}`}\n`).join("");

export const link = (to: string): File => ({ mode: "120000", data: Buffer.from(to) });
export const submodule = (digit: string): File => ({ mode: "160000", data: Buffer.from(digit.repeat(40)) });
export const binary = (...bytes: number[]): File => ({ mode: "100644", data: Buffer.from([0, ...bytes]) });

export interface Made {
  repository: GitRepository;
  tips: Tips;
}

/** A base and branches of one commit each; null takes a file away. */
export async function makeBranches(
  base: Record<string, Content>,
  branches: Record<string, Record<string, Content | null>>,
): Promise<Made> {
  const asFile = (content: Content): File =>
    typeof content === "string" ? { mode: "100644", data: Buffer.from(content) } : content;
  const files = new Map(Object.entries(base).map(([path, content]) => [path, asFile(content)]));
  const commits: GeneratedCommit[] = [{ branch: "main", files, parents: [] }];
  for (const [branch, changes] of Object.entries(branches)) {
    const changed = new Map(files);
    for (const [path, content] of Object.entries(changes))
      if (content === null) changed.delete(path);
      else changed.set(path, asFile(content));
    commits.push({ branch, files: changed, parents: [0] });
  }
  const repository = await importCommits(temporaryFolder(), commits);
  return { repository, tips: await tipsOf(repository) };
}

export async function tipsOf(repository: GitRepository): Promise<Tips> {
  const listed = await repository.text(["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads"]);
  const branches = new Map(listed.split("\n").map((line) => line.split(" ") as [string, string]));
  const base = branches.get("main") ?? "";
  branches.delete("main");
  return { base, branches };
}

export async function withMatrix<T>({ repository, tips }: Made, use: (matrix: Matrix) => T | Promise<T>): Promise<T> {
  const matrix = createMatrix(repository);
  try {
    await matrix.update(tips);
    return await use(matrix);
  } finally {
    await matrix.close();
  }
}
