/** Who should talk to whom: the authors of commits that touched the files in conflict. */
import type { GitRepository } from "../git";

/** By file: `Name <address>`, the most commits first; of commits that `has` has and `not` has not. */
export async function authorsOf(
  git: GitRepository,
  { has, not }: { has: string; not: string },
  files: readonly string[],
): Promise<Map<string, string[]>> {
  if (files.length === 0) return new Map();
  const args = ["--literal-pathspecs", "log", "--no-renames", "--name-only", "-z", "--format=%x01%an <%ae>%x02"];
  const { stdout } = await git.run([...args, `${not}..${has}`, "--", ...files]);
  const counts = new Map<string, Map<string, number>>();
  for (const entry of stdout.toString().split("\x01").slice(1)) {
    const [author = "", list = ""] = entry.split("\x02");
    for (const file of list.split("\0").map((name) => name.replace(/^\n/, ""))) {
      const byAuthor = counts.get(file) ?? new Map<string, number>();
      counts.set(file, byAuthor.set(author, (byAuthor.get(author) ?? 0) + 1));
    }
  }
  const mostFirst = (authors: Map<string, number>) => [...authors].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return new Map([...counts].map(([file, authors]) => [file, mostFirst(authors)]));
}
