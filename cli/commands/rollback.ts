import { type Command, environmentArgument, teamArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";
import { watchedRelease } from "../watch";

export const rollback: Command<[team: string, environment: string]> = {
  name: "rollback",
  summary: "move a team's traffic back to the slot that was live before; depends on that slot's health alone",
  arguments: [teamArgument, environmentArgument()],
  options: [],
  examples: ["switchyard rollback ai-workflow dev"],
  async run(context, [team, given]) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    await knownTeam(opened, context, environment, team);
    const { driver, project } = opened;
    return watchedRelease(context, "rollback", {
      title: `rollback ${team} ${environment}`,
      engine: project.engine(environment),
      onInterrupt: {
        first: "a rollback is finished, not stopped: that takes a moment.",
        goOn: `switchyard resume ${team} ${environment}`,
      },
      work: (running) => driver.rollback(project, { environment, team, ...running }),
    });
  },
};
