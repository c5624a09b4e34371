/** The only place that moves shared branches: all of a change or nothing, and only if each is still where it was seen. */
import { SwitchyardError } from "../../config/errors";
import type { Workspace } from "./workspace";

export interface RefMove {
  /** Whole name, as on the remote. */
  ref: string;
  /** null: it is not there. */
  from: string | null;
  to: string | null;
}

const pushDeadlineMs = 300_000;

/** false: somebody else was faster, and nothing was moved. Throws `branch-refused` where the remote does not allow it. */
export async function moveShared({ git, remote }: Workspace, moves: readonly RefMove[]): Promise<boolean> {
  if (remote === null) return moveLocal(git, moves);
  const leases = moves.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ""}`);
  const refspecs = moves.map(({ ref, to }) => `${to ?? ""}:${ref}`);
  const args = ["push", "--porcelain", "--atomic", ...leases, remote, ...refspecs];
  const { code, stdout, stderr } = await git.run(args, { answers: [0, 1], deadlineMs: pushDeadlineMs });
  // that a new branch is there already, at the very same commit, git takes for success
  const foreign = moves.some(
    ({ ref, from }) => from === null && ref.startsWith("refs/heads/") && isUpToDate(stdout, ref),
  );
  if (code === 0) return !foreign;
  const words = `${stdout.toString()}\n${stderr}`;
  if (/\(stale info\)|\(fetch first\)|\(already exists\)|cannot lock ref|failed to update ref/.test(words))
    return false;
  const reason = /^!\t[^\t]*\t\[[^\]]*\] \((?!atomic)([^)]*)\)/m.exec(stdout.toString())?.[1] ?? stderr.split("\n")[0];
  throw new SwitchyardError("branch-refused", `The remote ${remote} does not allow it: ${reason}.`, {
    next: "Ask who may push there. Nothing was changed.",
    facts: { stderr },
  });
}

const isUpToDate = (porcelain: Buffer, ref: string): boolean =>
  porcelain
    .toString()
    .split("\n")
    .some((line) => line.startsWith("=") && line.split("\t")[1]?.endsWith(`:${ref}`));

async function moveLocal(git: Workspace["git"], moves: readonly RefMove[]): Promise<boolean> {
  const none = "0".repeat(git.objectFormat === "sha1" ? 40 : 64);
  const lines = moves.map(({ ref, from, to }) => `update ${ref} ${to ?? none} ${from ?? none}\n`).join("");
  const args = ["update-ref", "-m", "switchyard", "--stdin"];
  return (await git.run(args, { input: lines, answers: [0, 128] })).code === 0;
}
