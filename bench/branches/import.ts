/** Makes a repository of generated commits with one `git fast-import`. */
import { mkdirSync } from "node:fs";
import { type GitRepository, openGit, runGit } from "../../branches/git";

export interface File {
  /** 100644, 100755, 120000, or 160000 with a commit's id as its data. */
  mode: string;
  data: Buffer;
}
export type Files = ReadonlyMap<string, File>;

export interface GeneratedCommit {
  branch: string;
  files: Files;
  /** Positions of earlier commits. */
  parents: readonly number[];
}

export async function importCommits(dir: string, commits: readonly GeneratedCommit[]): Promise<GitRepository> {
  mkdirSync(dir, { recursive: true });
  await runGit(dir, ["init", "--quiet", "--bare", "--initial-branch", "main"]);
  const chunks = commits.flatMap((commit, i) => commitChunks(commits, commit, i));
  await runGit(dir, ["fast-import", "--quiet", "--done"], {
    input: Buffer.concat([...chunks, Buffer.from("done\n")]),
    deadlineMs: 600_000,
  });
  return openGit(dir);
}

function commitChunks(commits: readonly GeneratedCommit[], commit: GeneratedCommit, position: number): Uint8Array[] {
  const text = (words: string) => Buffer.from(words, "latin1");
  const before: Files = commits[commit.parents[0] ?? -1]?.files ?? new Map<string, File>();
  const [from, ...merges] = commit.parents.map((parent) => `:${parent + 1}`);
  // the ref is made anew, since a branch need not stand on its own last commit
  const chunks: Uint8Array[] = [
    text(`reset refs/heads/${commit.branch}\ncommit refs/heads/${commit.branch}\nmark :${position + 1}\n`),
    text(`committer Generated <generated@example.invalid> ${1_700_000_000 + position} +0000\n`),
    text(`data 6\nchange\n${from ? `from ${from}\n` : ""}${merges.map((merge) => `merge ${merge}\n`).join("")}`),
  ];
  for (const path of before.keys()) if (!commit.files.has(path)) chunks.push(text(`D ${quoted(path)}\n`));
  for (const [path, file] of commit.files) {
    if (before.get(path) === file) continue;
    if (file.mode === "160000") chunks.push(text(`M 160000 ${file.data.toString()} ${quoted(path)}\n`));
    else chunks.push(text(`M ${file.mode} inline ${quoted(path)}\ndata ${file.data.length}\n`), file.data, text("\n"));
  }
  return chunks;
}

const quoted = (path: string): string =>
  `"${path.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
