import { lstat, mkdir, readlink, realpath, rm } from "node:fs/promises";
import path from "node:path";
import { SwitchyardError } from "../../config/errors";
import { gitIn } from "./git";

interface TreeEntry {
  mode: string;
  file: string;
}

const submodule = "160000";
const symbolicLink = "120000";

/**
 * Writes the folder `servicePath` of a commit to `into`, which must not exist. Nothing of it may point outside:
 * submodules and links that lead out of the folder are refused (`source-invalid`).
 */
export async function exportCommit(
  repository: string,
  commit: string,
  servicePath: string,
  into: string,
): Promise<void> {
  const folder = insidePath(servicePath);
  const tree = await treeOf(repository, commit, folder);
  const entries = await listTree(repository, tree);
  const foreign = entries.find((entry) => entry.mode === submodule);
  if (foreign)
    throw invalid(
      commit,
      `${foreign.file} is a submodule, and submodules are not exported; commit its files, or fetch them in the build`,
    );

  await mkdir(into, { recursive: true });
  const indexFile = `${into}.index`;
  const git = gitIn(repository, { indexFile, workTree: into });
  await git.raw("read-tree", tree);
  await git.raw("checkout-index", "--all", "--quiet", `--prefix=${into}${path.sep}`);
  await rm(indexFile, { force: true });

  const root = await realpath(into);
  for (const { mode, file } of entries) {
    if (mode === symbolicLink && (await escapes(root, file)))
      throw invalid(commit, `the link ${file} leads out of the service's folder`);
  }
}

/** `source.path` as git names it: "" for the whole commit. */
function insidePath(servicePath: string): string {
  const normal = path.posix.normalize(servicePath).replace(/\/$/, "");
  if (path.posix.isAbsolute(normal) || normal === ".." || normal.startsWith("../")) {
    throw new SwitchyardError(
      "config-invalid",
      `source.path: expected a folder inside the repository, found ${JSON.stringify(servicePath)}`,
    );
  }
  return normal === "." ? "" : normal;
}

async function treeOf(repository: string, commit: string, folder: string): Promise<string> {
  const name = folder === "" ? `${commit}^{tree}` : `${commit}:${folder}`;
  const out = await gitIn(repository).raw("rev-parse", "--quiet", "--verify", "--end-of-options", name);
  const tree = /^[0-9a-f]{40}/.exec(out.trim())?.[0];
  if (!tree) throw invalid(commit, `it has no folder ${folder} (source.path)`);
  const type = (await gitIn(repository).raw("cat-file", "-t", tree)).trim();
  if (type !== "tree")
    throw invalid(commit, `${folder} (source.path) is a ${type === "blob" ? "file" : type}, not a folder`);
  return tree;
}

async function listTree(repository: string, tree: string): Promise<TreeEntry[]> {
  const out = await gitIn(repository).raw("ls-tree", "-r", "-z", "--full-tree", tree);
  return out
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => ({ mode: line.slice(0, 6), file: line.slice(line.indexOf("\t") + 1) }));
}

async function escapes(root: string, file: string): Promise<boolean> {
  const link = path.join(root, file);
  if (!(await lstat(link)).isSymbolicLink()) return false; // git wrote it as a file: the file system has no links
  const inside = (place: string) => place === root || place.startsWith(root + path.sep);
  try {
    return !inside(await realpath(link));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") return true;
    // Its end is not there yet (a build may make it). Only climbing first and then descending can be judged by its text.
    const target = await readlink(link);
    const climbsLater = /(^|\/)(?!\.\.?(\/|$))[^/]+\/(.*\/)?\.\.(\/|$)/.test(target);
    return path.isAbsolute(target) || climbsLater || !inside(path.resolve(path.dirname(link), target));
  }
}

function invalid(commit: string, why: string): SwitchyardError {
  return new SwitchyardError("source-invalid", `commit ${commit.slice(0, 12)} cannot be exported: ${why}`);
}
