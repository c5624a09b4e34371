/** What the driver says of the environment: whether it is up, whether its state opens, and what was left unfinished. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TeamStatus } from "../../automation/api";
import type { EnvironmentName } from "../../config/environment";
import { SwitchyardError } from "../../config/errors";
import { type Context, notUp, openDriver } from "../context";
import { type Finding, missing, note, ok, warn } from "./finding";

interface Running {
  findings: Finding[];
  /** undefined: it could not be told. */
  up: boolean | undefined;
}

export async function running(context: Context, environment: EnvironmentName): Promise<Running> {
  const { message, next } = notUp(environment);
  const down: Running = { findings: [note("environment", `${message} ${next}`)], up: false };
  // opening the project would make its folders and its passphrase, and a doctor changes nothing
  const local = process.env.PULUMI_BACKEND_URL === undefined;
  if (local && !existsSync(join(context.projectDir, ".switchyard", "state"))) return down;
  try {
    const { driver, project } = await openDriver(context);
    const teams = await driver.status(project, environment);
    if (teams.length === 0) return down;
    return { findings: [upOrHalf(environment, teams), ...teams.flatMap(troubles)], up: true };
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    return { findings: [missing("environment", thrown.message, thrown.next)], up: undefined };
  }
}

/** A daemon that is gone: what it held still runs, and nobody looks after it. */
function upOrHalf(environment: EnvironmentName, teams: TeamStatus[]): Finding {
  const gone = [
    ...(teams.some(({ liveRoute }) => liveRoute === null) ? ["the load balancer"] : []),
    ...(teams.some(({ slots }) => slots.some(({ condition }) => condition === "unknown")) ? ["the supervisor"] : []),
  ];
  if (gone.length === 0) return ok("environment", `${environment} is up`);
  return missing(
    "environment",
    `${environment} is up, but not all of it answers: ${gone.join(" and ")}`,
    `Run \`switchyard up ${environment}\`, which starts it again; slots that run go on.`,
  );
}

function troubles(status: TeamStatus): Finding[] {
  const { team, environment, unfinished, driver, agrees, slots } = status;
  const findings: Finding[] = [];
  const resume = `Run \`switchyard resume ${team} ${environment}\`.`;
  if (unfinished !== null && !driver?.alive) {
    findings.push(missing("releases", `${team}: release ${unfinished.id} stopped in ${unfinished.phase}`, resume));
  } else if (!agrees && !driver?.alive) {
    findings.push(missing("releases", `${team}: the load balancer does not have the weights of the state`, resume));
  }
  for (const slot of slots) {
    if (slot.condition !== "failing") continue;
    const todo = `See \`switchyard logs ${team} ${environment} --slot ${slot.slot}\`.`;
    const found = `${team}: ${slot.slot}${slot.live ? ", which is live," : ""} is failing: ${slot.detail}`;
    findings.push(slot.live ? missing("slots", found, todo) : warn("slots", found, todo));
  }
  return findings;
}
