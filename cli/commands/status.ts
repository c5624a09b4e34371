import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument } from "../command";
import { notUp, openDriver } from "../context";
import { environmentNamed } from "../names";
import { statusLines } from "../show/status";

export const status: Command<[environment: string]> = {
  name: "status",
  summary: "each team's slots, weights, versions and conditions, and who is releasing",
  arguments: [environmentArgument({ default: "dev" })],
  options: [],
  examples: ["switchyard status", "switchyard status dev --json"],
  async run(context, [given]) {
    const environment = environmentNamed(given);
    const { driver, project } = await openDriver(context);
    const teams = await driver.status(project, environment);
    if (teams.length === 0) throw notUp(environment);
    const { output } = context;
    output.answer({ environment, engine: project.engine(environment), teams }, statusLines(teams, output.paint));
    return exitCodes.ok;
  },
};
