/** Which ports a team's slots have. Ten for each team, given once: a team that comes or goes moves nobody else's. */
import type { EnvironmentConfig } from "../../../config/environment";
import { SwitchyardError } from "../../../config/errors";
import type { SlotSettings, TeamSettings } from "../../../config/settings";
import type { TeamConfig } from "../../../config/team";

export const portsOfTeam = 10;
const lastPort = 65_535;
const host = "127.0.0.1";

/**
 * `last` is what the environment stack published before. A block below `firstPort` is given up: raising `firstPort` is how
 * a person moves away from ports that somebody else holds. New teams get the lowest free blocks in the order of their names.
 */
export function slotAddresses(
  teams: Record<string, TeamConfig>,
  last: Record<string, TeamSettings>,
  { firstPort, loadBalancer }: Pick<EnvironmentConfig, "firstPort" | "loadBalancer">,
): Record<string, SlotSettings[]> {
  const blocks = new Map<string, number>();
  for (const team of Object.keys(teams)) {
    const block = last[team] && blockOf(last[team].slots);
    if (block !== undefined && block >= firstPort) blocks.set(team, block);
  }
  const taken = [...blocks.values()];
  const free = (block: number) =>
    taken.every((other) => block + portsOfTeam <= other || other + portsOfTeam <= block) &&
    (loadBalancer.port < block || loadBalancer.port >= block + portsOfTeam);
  for (const team of Object.keys(teams).sort()) {
    if (blocks.has(team)) continue;
    let block = firstPort;
    while (!free(block)) block += portsOfTeam;
    if (block + portsOfTeam - 1 > lastPort) {
      throw new SwitchyardError(
        "config-invalid",
        `switchyard:firstPort: found ${firstPort}, which leaves no ports for team ${team}.`,
      );
    }
    blocks.set(team, block);
    taken.push(block);
  }
  return Object.fromEntries(
    Object.entries(teams).map(([team, config]) => [team, slotsAt(team, config, blocks.get(team) ?? firstPort)]),
  );
}

/** The first port of the team's ten. The slots have the second and the third. */
export function blockOf(slots: SlotSettings[]): number {
  return Math.min(...slots.map((slot) => slot.port)) - 1;
}

function slotsAt(team: string, config: TeamConfig, block: number): SlotSettings[] {
  return config.slots.map((name, index) => ({ name, targetGroup: `${team}-${name}`, host, port: block + 1 + index }));
}
