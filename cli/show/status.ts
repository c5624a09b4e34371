/** What runs where, team by team. */
import type { SlotStatus, TeamStatus } from "../../automation/api";
import type { Paint } from "./paint";
import { table } from "./table";
import { clockTime, shortVersion, weightsText } from "./words";

export function statusLines(teams: TeamStatus[], paint: Paint): string[] {
  return teams.flatMap((team, i) => [...(i === 0 ? [] : [""]), ...teamLines(team, paint)]);
}

function teamLines(team: TeamStatus, paint: Paint): string[] {
  const lines = [`${paint("bold", team.team)} on ${team.environment}: ${routeText(team)}`];
  lines.push(...table(team.slots.map((slot) => slotCells(slot, paint))).map((row) => `  ${row}`));
  if (team.liveRoute === null || team.slots.some(({ condition }) => condition === "unknown")) {
    lines.push(
      paint("yellow", `  the ${team.liveRoute === null ? "load balancer" : "supervisor"} does not answer`),
      `  next: \`switchyard up ${team.environment}\` starts it again; slots that run go on`,
    );
  } else if (!team.agrees) {
    lines.push(
      paint(
        "yellow",
        `  the state and the load balancer differ; the load balancer has ${weightsText(team.liveRoute.weights)}`,
      ),
      `  next: \`switchyard resume ${team.team} ${team.environment}\` makes them agree`,
    );
  }
  if (team.driver !== null) {
    const { pid, host, epoch, alive } = team.driver;
    lines.push(`  driver: pid ${pid} on ${host}, epoch ${epoch}${alive ? "" : paint("yellow", ", gone")}`);
  }
  if (team.unfinished !== null && !team.driver?.alive) {
    const { id, phase, ref } = team.unfinished;
    lines.push(
      paint("yellow", `  unfinished: release ${id} of ${ref} stopped in ${phase}`),
      `  next: \`switchyard resume ${team.team} ${team.environment}\``,
    );
  } else if (team.unfinished !== null) {
    lines.push(`  releasing ${team.unfinished.ref}, now in ${team.unfinished.phase}`);
  }
  return lines;
}

function routeText({ route }: TeamStatus): string {
  if (route === null) return "nothing was ever released";
  if (route.live === null) return "no version is live";
  const whole = route.weights[route.live] === 100;
  return `${route.live} ${whole ? "is live" : "was live, and traffic is elsewhere"} (${weightsText(route.weights)}; epoch ${route.epoch}, revision ${route.revision})`;
}

function slotCells(slot: SlotStatus, paint: Paint): string[] {
  const { version, ref, weight, condition, detail, webSockets, stopAfter } = slot;
  const notes = [
    detail,
    webSockets > 0 ? `${webSockets} WebSockets` : "",
    stopAfter !== null && condition === "running" ? `ready for a rollback until ${clockTime(stopAfter)}` : "",
  ];
  const good = condition === "running" || condition === "empty" || condition === "stopped";
  return [
    slot.slot,
    slot.live ? paint("green", "live") : weight > 0 ? paint("cyan", "candidate") : "idle",
    `${weight} %`,
    version === null ? "no version" : `${ref ?? "?"} (${shortVersion(version)})`,
    good ? condition : paint("yellow", condition),
    slot.url,
    notes.filter((note) => note !== "").join("; "),
  ];
}
