import { SwitchyardError } from "../../config/errors";
import { gitIn } from "./git";
import { openRepository, type Source, type SourceFolders } from "./repository";

export interface ResolvedRef {
  /** What the person asked for. */
  ref: string;
  /** 40 hex digits */
  commit: string;
}

/**
 * The commit of a branch, tag, remote-tracking branch or (abbreviated) commit. A branch wins over a tag of the same
 * name, and the local branch over the remote's. Throws `unknown-ref`, `source-unreadable`.
 */
export async function resolveRef(source: Source, ref: string, folders: SourceFolders): Promise<ResolvedRef> {
  const folder = await openRepository(source, folders, true);
  if (/^[A-Za-z0-9][\w./+#-]*$/.test(ref) && !ref.includes("..")) {
    for (const name of namesFor(ref)) {
      const commit = await commitOf(folder, name);
      if (commit) return { ref, commit };
    }
  }
  const names = await refNames(folder);
  const near = nearest(ref, names);
  const hint = near.length > 0 ? `did you mean ${near.join(", ")}?` : `it has ${names.length} branches and tags`;
  throw new SwitchyardError(
    "unknown-ref",
    `${JSON.stringify(ref)} is no branch, tag or commit of ${source.repository}; ${hint}`,
    {
      facts: { ref, nearest: near },
    },
  );
}

function namesFor(ref: string): string[] {
  const names = [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/remotes/origin/${ref}`, `refs/remotes/${ref}`];
  if (ref.startsWith("refs/") || ref === "HEAD" || /^[0-9a-f]{7,40}$/.test(ref)) names.push(ref);
  return names;
}

async function commitOf(folder: string, name: string): Promise<string | undefined> {
  // `--quiet --verify` ends with 1 and no word when there is no such name; simple-git then gives back nothing.
  const out = await gitIn(folder).raw("rev-parse", "--quiet", "--verify", "--end-of-options", `${name}^{commit}`);
  return /^[0-9a-f]{40}/.exec(out.trim())?.[0];
}

async function refNames(folder: string): Promise<string[]> {
  const out = await gitIn(folder).raw("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags", "refs/remotes");
  const names = out.split("\n").map((name) => name.replace(/^refs\/(heads|tags|remotes\/[^/]+)\//, ""));
  return [...new Set(names)].filter((name) => name !== "" && name !== "HEAD");
}

/** Up to three names that a person may have meant, the likeliest first. */
function nearest(wanted: string, names: string[]): string[] {
  const scored = names.map((name) => {
    const distance = name.includes(wanted) ? 1 : editDistance(wanted, name);
    return { name, distance };
  });
  const limit = Math.max(3, Math.floor(wanted.length / 3));
  const near = scored.filter(({ distance }) => distance <= limit).sort((a, b) => a.distance - b.distance);
  return near.slice(0, 3).map(({ name }) => name);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
