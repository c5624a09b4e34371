import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument } from "../command";
import { openDriver } from "../context";
import { environmentNamed } from "../names";
import { watched } from "../watch";

export const up: Command<[environment: string]> = {
  name: "up",
  summary: "bring an environment up: load balancer, target groups, data and alarms of all its teams",
  arguments: [environmentArgument({ default: "dev" })],
  options: [],
  examples: ["switchyard up", "switchyard up dev --json"],
  async run(context, [given]) {
    const environment = environmentNamed(given);
    const { driver, project } = await openDriver(context);
    const { url, teams } = await watched(context, {
      title: `up ${environment}`,
      engine: project.engine(environment),
      onInterrupt: { first: "stopping after what is under way.", goOn: `switchyard up ${environment}` },
      work: (running) => driver.up(project, environment, running),
    });
    const { output } = context;
    output.answer({ event: "up", environment, url, teams }, [
      `${output.paint("green", "✓")} ${environment} is up at ${url}, with ${teams.join(", ")}`,
    ]);
    return exitCodes.ok;
  },
};
