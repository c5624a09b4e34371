import { checkoutsOf } from "./checkouts";
import type { BranchEvent, BranchHistory } from "./history";
import { type Landed, landedIn } from "./landed";
import { moveShared } from "./move";
import { type Teams, teamOf } from "./naming";
import { dropFromClone, takingAway } from "./take-away";
import { baseCommit, branchesBelow, fetchShared, sharedRefs, type Workspace } from "./workspace";

export interface Prunable {
  branch: string;
  commit: string;
  /** Where it is. */
  on: "remote" | "clone";
  landed: Landed;
  /** Why it stays; undefined: it goes. */
  keep: string | undefined;
}

/** What `pruneBranches` would take away and what it would keep. Changes nothing but what was fetched. */
export async function prunable(workspace: Workspace, teams: Teams): Promise<Prunable[]> {
  await fetchShared(workspace);
  const base = await baseCommit(workspace);
  const isTeams = ([branch]: [string, string]) => branch !== workspace.base && teamOf(teams, branch) !== undefined;
  const shared =
    workspace.remote === null ? [] : [...(await branchesBelow(workspace, sharedRefs(workspace)))].filter(isTeams);
  const sharedNames = new Set(shared.map(([branch]) => branch));
  const own = [...(await branchesBelow(workspace, "refs/heads/"))]
    .filter(isTeams)
    .filter(([branch]) => !sharedNames.has(branch));
  const all = [
    ...shared.map(([branch, commit]) => ({ branch, commit, on: "remote" as const })),
    ...own.map(([branch, commit]) => ({ branch, commit, on: "clone" as const })),
  ];
  const landed = await landedIn(
    workspace,
    base,
    all.map(({ commit }) => commit),
  );
  return Promise.all(
    all.map(async (each, i) => {
      const how = landed[i] ?? "no";
      return { ...each, landed: how, keep: await reasonToKeep(workspace, each, how) };
    }),
  );
}

async function reasonToKeep(
  workspace: Workspace,
  { branch, on }: { branch: string; on: "remote" | "clone" },
  landed: Landed,
): Promise<string | undefined> {
  if (landed === "no") return "not merged";
  if (landed === "empty") return "no commits of its own yet";
  const [folder] = on === "clone" ? await checkoutsOf(workspace, branch) : [];
  return folder === undefined ? undefined : `checked out in ${folder}`;
}

/** Takes away what `prunable` says, each as it was seen then; one that somebody pushed to meanwhile stays. */
export async function pruneBranches(
  workspace: Workspace,
  history: BranchHistory,
  wanted: readonly Prunable[],
): Promise<BranchEvent[]> {
  const events: BranchEvent[] = [];
  for (const { branch, commit, on, landed, keep } of wanted) {
    if (keep !== undefined) continue;
    const gone =
      on === "clone"
        ? await dropFromClone(workspace, branch, commit)
        : await moveShared(workspace, takingAway(branch, commit));
    if (!gone) continue;
    if (on === "remote") await dropFromClone(workspace, branch, commit);
    const detail = `${landed === "squashed" ? `what it changed is in ${workspace.base}` : `${workspace.base} has its commits`}`;
    events.push(history.write({ branch, action: "prune", who: workspace.who, before: commit, after: null, detail }));
  }
  return events;
}
