import { type Command, environmentArgument, teamArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";
import { putBackFirst, watchedRelease } from "../watch";

export const resume: Command<[team: string, environment: string]> = {
  name: "resume",
  summary: "finish or undo the release that a driver left behind, and make state and load balancer agree",
  arguments: [teamArgument, environmentArgument()],
  options: [],
  examples: ["switchyard resume ai-workflow dev"],
  async run(context, [team, given]) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    await knownTeam(opened, context, environment, team);
    const { driver, project } = opened;
    return watchedRelease(context, "release", {
      title: `resume ${team} ${environment}`,
      engine: project.engine(environment),
      onInterrupt: { first: putBackFirst, goOn: `switchyard resume ${team} ${environment}` },
      work: (running) => driver.resume(project, { environment, team, ...running }),
    });
  },
};
