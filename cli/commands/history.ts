import { Option } from "commander";
import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";
import { wholeNumber } from "../options";
import { historyLines } from "../show/report";

export const history: Command<[environment: string], { team?: string; limit: number }> = {
  name: "history",
  summary: "past releases, newest first, with their outcome and its reason",
  arguments: [environmentArgument({ default: "dev" })],
  options: [
    new Option("--team <team>", "only this team's"),
    new Option("--limit <count>", "at most so many").argParser(wholeNumber).default(20),
  ],
  examples: ["switchyard history dev --team ai-workflow --limit 5"],
  async run(context, [given], { team, limit }) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    if (team !== undefined) await knownTeam(opened, context, environment, team);
    const { driver, project } = opened;
    const releases = await driver.history(project, { environment, ...(team !== undefined && { team }), limit });
    const { output } = context;
    output.answer({ environment, releases }, historyLines(releases, environment, output.paint));
    return exitCodes.ok;
  },
};
