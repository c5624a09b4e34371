import { createMatrix } from "../../branches/conflicts";
import { type GitRepository, openGit } from "../../branches/git";
import { messageOf, SwitchyardError } from "../../config/errors";
import type { TeamSettings } from "../../config/settings";
import type { GateResult } from "../api";
import { openRepository, type SourceFolders } from "../source";

/**
 * What is released must merge with the base as it is known here, and have all of it where the environment requires that. What the
 * base has already passes: an older version of it may be released again.
 */
export async function branchGate(
  { config, branches }: Pick<TeamSettings, "config" | "branches">,
  { ref, version }: { ref: string; version: string },
  folders: SourceFolders,
): Promise<GateResult> {
  const gate = "branch";
  const base = branches?.base ?? "main";
  try {
    const git = await openGit(await openRepository(config.source, folders, false));
    const commit = await knownBase(git, branches?.remote ?? "origin", base);
    if (commit === undefined) {
      const evidence = `${git.folder} has no branch ${base} to compare ${ref} with: fetch it, or name the base in \`switchyard:branches.base\``;
      return { gate, verdict: "no-data", evidence };
    }
    if (git.shallow && !(await inOneLine(git, commit, version))) {
      const evidence = `${git.folder} is a shallow clone, so nobody can tell whether ${ref} conflicts with ${base}: run \`git fetch --unshallow\` (in a pipeline, check out the whole history)`;
      return { gate, verdict: "no-data", evidence };
    }
    return {
      gate,
      ...(await judge(git, { base, commit, ref, version, upToDate: config.branches?.upToDate ?? false })),
    };
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return { gate, verdict: "error", evidence: messageOf(thrown) };
  }
}

/** As the remote had it when it was last fetched; in a copy of a remote, its own. */
async function knownBase(git: GitRepository, remote: string, base: string): Promise<string | undefined> {
  const names = [`refs/remotes/${remote}/${base}`, `refs/heads/${base}`];
  const listed = await git.text(["for-each-ref", "--format=%(refname) %(objectname)", ...names]);
  const commits = new Map(listed.split("\n").map((line) => line.split(" ") as [string, string]));
  return names.map((name) => commits.get(name)).find((commit) => commit !== undefined);
}

/** One has the other: that is certain also where older history is missing. */
async function inOneLine(git: GitRepository, a: string, b: string): Promise<boolean> {
  for (const [older, newer] of [
    [a, b],
    [b, a],
  ] as const) {
    const { code } = await git.run(["merge-base", "--is-ancestor", older, newer], { answers: [0, 1, 128] });
    if (code === 0) return true;
  }
  return false;
}

interface Question {
  base: string;
  commit: string;
  ref: string;
  version: string;
  upToDate: boolean;
}

async function judge(
  git: GitRepository,
  { base, commit, ref, version, upToDate }: Question,
): Promise<Omit<GateResult, "gate">> {
  const matrix = createMatrix(git);
  try {
    await matrix.update({ base: commit, branches: new Map([[ref, version]]) });
    const [verdict] = matrix.branches();
    switch (verdict?.state) {
      case "merged":
        return { verdict: "pass", evidence: `${base} has ${ref}` };
      case "clean":
        if (upToDate && !verdict.upToDate)
          return {
            verdict: "fail",
            evidence: `${ref} does not have all of ${base}, as this environment requires: run \`switchyard branch sync ${ref}\``,
          };
        return {
          verdict: "pass",
          evidence: `${ref} merges with ${base}${verdict.upToDate ? " and has all of it" : ""}`,
        };
      case "conflict": {
        const files = verdict.files.map(({ path, ranges }) => `${path}${linesText(ranges)}`);
        return {
          verdict: "fail",
          evidence: `${ref} conflicts with ${base} in ${files.join(", ")}: run \`switchyard branch sync ${ref}\``,
        };
      }
      default:
        return { verdict: "fail", evidence: `${ref} and ${base} have no history in common` };
    }
  } finally {
    await matrix.close();
  }
}

const linesText = (ranges: readonly { ours: { from: number } }[]): string =>
  ranges.length === 0 ? "" : ` (line ${ranges.map(({ ours }) => ours.from).join(", ")})`;
