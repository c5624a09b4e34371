import path from "node:path";
import { messageOf, SwitchyardError } from "../../config/errors";
import { type GitOptions, type GitResult, runGit } from "./run";

export interface GitRepository {
  /** Where git runs: the work tree's top, or the git directory of a bare repository. */
  folder: string;
  gitDir: string;
  /** The object store, which linked work trees share. */
  objectsDir: string;
  bare: boolean;
  shallow: boolean;
  objectFormat: string;
  run(args: readonly string[], options?: GitOptions): Promise<GitResult>;
  /** The output as text, without the line break at its end. */
  text(args: readonly string[], options?: GitOptions): Promise<string>;
}

/** Throws `source-unreadable` where the folder is in no repository. */
export async function openGit(folder: string): Promise<GitRepository> {
  let facts: string[];
  try {
    const { stdout } = await runGit(folder, [
      "rev-parse",
      "--path-format=absolute",
      "--git-dir",
      "--git-path",
      "objects",
      "--is-bare-repository",
      "--is-shallow-repository",
      "--show-object-format",
    ]);
    facts = stdout.toString().trimEnd().split("\n");
  } catch (thrown) {
    throw new SwitchyardError("source-unreadable", `${folder} is no git repository: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
  const [gitDir = "", objectsDir = "", bare = "", shallow = "", objectFormat = "sha1"] = facts;
  const inGitDir = path.resolve(folder) === gitDir || path.resolve(folder).startsWith(gitDir + path.sep);
  const top = bare === "true" || inGitDir ? gitDir : await topOf(folder);
  const run = (args: readonly string[], options?: GitOptions) => runGit(top, args, options);
  return {
    folder: top,
    gitDir,
    objectsDir,
    bare: bare === "true",
    shallow: shallow === "true",
    objectFormat,
    run,
    text: async (args, options) => (await run(args, options)).stdout.toString().trimEnd(),
  };
}

async function topOf(folder: string): Promise<string> {
  const { stdout } = await runGit(folder, ["rev-parse", "--path-format=absolute", "--show-toplevel"]);
  return stdout.toString().trimEnd();
}
