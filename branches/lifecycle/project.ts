/** The branches of a project's teams: one place for each repository that they work in. */
import path from "node:path";
import type { EnvironmentConfig } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import { openRecords, type Records } from "../../store";
import { type BranchHistory, branchHistory } from "./history";
import { type Teams, teamOf } from "./naming";
import { openWorkspace, type Workspace } from "./workspace";

export interface Place {
  workspace: Workspace;
  teams: Teams;
  history: BranchHistory;
  records: Records;
}

export interface ProjectBranches {
  places: Place[];
  close(): void;
}

/** Throws `repository-unfit` where a team's source is a URL, `source-unreadable`. */
export async function openBranches(
  projectDir: string,
  { teams, branches }: Pick<EnvironmentConfig, "teams" | "branches">,
): Promise<ProjectBranches> {
  const byFolder = new Map<string, Record<string, EnvironmentConfig["teams"][string]>>();
  for (const [team, config] of Object.entries(teams)) {
    const { repository } = config.source;
    if (/^[\w+.-]+:\/\/|^[^/]+@[^/]+:/.test(repository)) {
      throw new SwitchyardError(
        "repository-unfit",
        `The source of team ${team} is a URL, and branches are worked on in a clone.`,
        {
          next: `Clone it, and set \`teams.${team}.source.repository\` to the clone's folder.`,
        },
      );
    }
    const folder = path.resolve(projectDir, repository);
    byFolder.set(folder, { ...byFolder.get(folder), [team]: config });
  }
  const records = openRecords(path.join(projectDir, ".switchyard", "records.db"));
  try {
    const places = [];
    for (const [folder, own] of byFolder) {
      const workspace = await openWorkspace({ folder, ...branches });
      places.push({ workspace, teams: own, history: branchHistory(records, workspace.git.gitDir), records });
    }
    return { places, close: () => records.close() };
  } catch (thrown) {
    records.close();
    throw thrown;
  }
}

/** Where a team's branch lives. Throws `branch-invalid`. */
export function placeOf({ places }: ProjectBranches, branch: string): { place: Place; team: string } {
  for (const place of places) {
    const team = teamOf(place.teams, branch);
    if (team !== undefined) return { place, team };
  }
  const prefixes = places.flatMap(({ teams }) => Object.values(teams).map(({ branchPrefix }) => branchPrefix));
  throw new SwitchyardError("branch-invalid", `${JSON.stringify(branch)} is no team's branch.`, {
    next: `Teams' branches begin with ${prefixes.join(" or ")}.`,
    facts: { branch, prefixes },
  });
}
