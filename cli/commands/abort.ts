import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument, teamArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";

export const abort: Command<[team: string, environment: string]> = {
  name: "abort",
  summary: "ask the driver that releases a team now to stop, put the traffic back and clean up",
  arguments: [teamArgument, environmentArgument()],
  options: [],
  examples: ["switchyard abort ai-workflow dev"],
  async run(context, [team, given]) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    await knownTeam(opened, context, environment, team);
    await opened.driver.abort(opened.project, { environment, team });
    context.output.answer({ environment, team, asked: true }, [
      `Asked the driver of ${team} on ${environment} to stop and put the traffic back; \`switchyard status ${environment}\` shows when it did.`,
    ]);
    return exitCodes.ok;
  },
};
