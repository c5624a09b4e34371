import { Option } from "commander";
import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument, teamArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";
import { planLines } from "../show/plan";
import { putBackFirst, watchedRelease } from "../watch";

export const deploy: Command<[team: string, ref: string, environment: string], { dryRun?: true }> = {
  name: "deploy",
  summary: "release a branch, tag or commit of a team: into the idle slot, verified, switched, watched, settled",
  arguments: [teamArgument, { name: "ref", about: "a branch, tag or commit" }, environmentArgument()],
  options: [new Option("--dry-run", "show what would change, in Pulumi's own words, and change nothing")],
  examples: [
    "switchyard deploy realtime-collaboration feature/realtime-cursors dev",
    "switchyard deploy ai-workflow feature/ai-workflow-v2 dev --dry-run",
  ],
  async run(context, [team, ref, given], { dryRun }) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    await knownTeam(opened, context, environment, team);
    const { driver, project } = opened;
    if (dryRun) {
      const plan = await driver.plan(project, { environment, team, ref });
      const { output } = context;
      output.answer({ environment, team, ...plan }, planLines(plan, { team, environment }, output.paint));
      return exitCodes.ok;
    }
    return watchedRelease(context, "release", {
      title: `deploy ${team} ${ref} ${environment}`,
      engine: project.engine(environment),
      onInterrupt: { first: putBackFirst, goOn: `switchyard resume ${team} ${environment}` },
      work: (running) => driver.release(project, { environment, team, ref, ...running }),
    });
  },
};
