/** Git's own merge, tried on many pairs in one process and kept nowhere. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Quarantine } from "../git";
import { pathText } from "./paths";

export interface TriedMerge {
  clean: boolean;
  /** The merged tree; with conflicts it has git's marks in its files. */
  tree: string;
  /** As git tells them; empty: there is none. */
  conflicts: { path: string; kind: string }[];
}

/**
 * The verdict must not depend on whose machine it is: only attributes and their drivers are the user's. The limit is what git takes
 * when nothing is set.
 */
const sameEverywhere = [
  "merge.renames=true",
  "diff.renames=true",
  "merge.directoryRenames=conflict",
  "merge.renameLimit=7000",
  "merge.renormalize=false",
  "merge.conflictStyle=merge",
  "merge.default=text",
].flatMap((setting) => ["-c", setting]);

const batchDeadlineMs = 600_000;

/** Commits; the answer is in the order of the question. Both of a pair must have a common ancestor. */
export async function tryMerges(
  quarantine: Quarantine,
  pairs: readonly { ours: string; theirs: string }[],
): Promise<TriedMerge[]> {
  if (pairs.length === 0) return [];
  const input = pairs.map(({ ours, theirs }) => `${ours} ${theirs}\n`).join("");
  const { stdout } = await quarantine.inRepository([...sameEverywhere, "merge-tree", "--stdin"], {
    input,
    deadlineMs: batchDeadlineMs,
  });
  const tried = parseMerges(pathText(stdout).split("\0"));
  if (tried.length !== pairs.length) throw new Error(`git answered ${tried.length} of ${pairs.length} merges`);
  return tried;
}

/** See "OUTPUT" in git-merge-tree(1); with --stdin each merge begins with 1 for clean or 0, and ends with an empty field. */
function parseMerges(fields: readonly string[]): TriedMerge[] {
  const merges: TriedMerge[] = [];
  let at = 0;
  const next = () => fields[at++] ?? "";
  while (at < fields.length - 1) {
    const clean = next() === "1";
    const tree = next();
    const conflicts = new Map<string, { path: string; kind: string }>();
    if (!clean) {
      while (next() !== "");
      // where submodules conflict, git puts advice in plain words in the place of the empty field
      for (let count = next(); /^\d+$/.test(count); count = next()) {
        const paths = Array.from({ length: Number(count) }, next);
        next(); // the kind in git's own short words, which does not tell add/add from content
        const kind = /^CONFLICT \(([^)]+)\)/.exec(next())?.[1];
        if (kind !== undefined) for (const file of paths) conflicts.set(`${kind} ${file}`, { path: file, kind });
      }
    } else next();
    merges.push({ clean, tree, conflicts: [...conflicts.values()] });
  }
  return merges;
}

/** Commits of these trees, in the quarantine; in the order of the question. */
export async function writeMergeCommits(
  quarantine: Pick<Quarantine, "folder" | "inPlain">,
  wanted: readonly { tree: string; parents: readonly string[] }[],
): Promise<string[]> {
  if (wanted.length === 0) return [];
  const drafts = path.join(quarantine.folder, "drafts");
  await mkdir(drafts, { recursive: true });
  // later than every parent, since git looks for common ancestors by date
  const nobody = "Switchyard <switchyard@example.invalid> 4102444800 +0000";
  const files = await Promise.all(
    wanted.map(async ({ tree, parents }, i) => {
      const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`)];
      const file = path.join(drafts, String(i));
      await writeFile(file, `${[...lines, `author ${nobody}`, `committer ${nobody}`].join("\n")}\n\ntried\n`);
      return file;
    }),
  );
  const { stdout } = await quarantine.inPlain(["hash-object", "-t", "commit", "-w", "--stdin-paths"], {
    input: files.map((file) => `${file}\n`).join(""),
  });
  return stdout.toString().trimEnd().split("\n");
}
