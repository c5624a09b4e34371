/** What an environment may not do to the releases that stand on it. Pure: who asks the team stacks is `environment-program.ts`. */
import { isDeepStrictEqual } from "node:util";
import type { EnvironmentConfig } from "../config/environment";
import { SwitchyardError } from "../config/errors";
import type { TeamSettings } from "../config/settings";
import { openRelease, type TeamRecord } from "./team-record";

/** An environment as its stack published it, or is about to. */
export interface EnvironmentRecord {
  loadBalancer?: EnvironmentConfig["loadBalancer"];
  teams: Record<string, TeamSettings>;
}

/** Read from the environment stack's outputs; names of other outputs are ignored. */
export function environmentRecord(outputs: Record<string, unknown>): EnvironmentRecord {
  const teams = Object.entries(outputs).filter(([name]) => name.startsWith("team:"));
  return {
    loadBalancer: outputs.loadBalancer as EnvironmentRecord["loadBalancer"],
    teams: Object.fromEntries(teams.map(([name, settings]) => [name.slice("team:".length), settings as TeamSettings])),
  };
}

export interface Change {
  team: string;
  kind: "removed" | "namespace" | "load balancer" | "quota";
}

/** Changes that somebody's release might stand on. None of them is a reason to refuse as such. */
export function changesUnderTeams(before: EnvironmentRecord, after: EnvironmentRecord): Change[] {
  return Object.entries(before.teams).flatMap(([team, was]): Change[] => {
    const is = after.teams[team];
    if (is === undefined) return [{ team, kind: "removed" }];
    const differs = (pick: (settings: TeamSettings) => unknown) => !isDeepStrictEqual(pick(was), pick(is));
    const changes: Change[] = [];
    if (differs(placeOf)) changes.push({ team, kind: "namespace" });
    if (!isDeepStrictEqual(before.loadBalancer, after.loadBalancer)) changes.push({ team, kind: "load balancer" });
    if (differs(({ config }) => [config.quotas, config.replicas])) changes.push({ team, kind: "quota" });
    return changes;
  });
}

/** What a team's things stand in. Where its requests arrive (`url`) may change, and nothing moves. */
function placeOf({ platform, slots, local, kubernetes }: TeamSettings): unknown {
  return [platform, slots, local, kubernetes && { ...kubernetes, url: "" }];
}

/**
 * Throws `team-in-use` or `release-in-flight`, with every reason there is. A namespace (folders, slots' names and
 * addresses) does not move under anything that runs; load balancer and quota may change between releases.
 */
export function guardReleases(
  environment: string,
  changes: Change[],
  records: Map<string, TeamRecord | undefined>,
): void {
  const inUse: string[] = [];
  const inFlight: string[] = [];
  for (const { team, kind } of changes) {
    const record = records.get(team);
    if (record === undefined) continue;
    const open = openRelease(record);
    if (kind === "removed")
      inUse.push(`team ${team} cannot be removed: stack ${environment}.${team} still has resources`);
    else if (open !== undefined) inFlight.push(`the ${kind} of team ${team} cannot change: ${open}`);
    else if (kind === "namespace")
      inUse.push(`the namespace of team ${team} cannot move: stack ${environment}.${team} still has resources`);
  }
  const reasons = [...inUse, ...inFlight];
  if (reasons.length === 0) return;
  const message = `Environment ${environment}: ${reasons.join("; ")}.`;
  throw new SwitchyardError(inUse.length > 0 ? "team-in-use" : "release-in-flight", message, {
    facts: { environment, reasons },
  });
}
