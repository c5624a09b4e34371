import { createInterface } from "node:readline";
import { Option } from "commander";
import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed } from "../names";
import { watched } from "../watch";

export const down: Command<[environment: string], { team?: string; deleteData?: true; yes?: true }> = {
  name: "down",
  summary: "take an environment down, or one team of it: team stacks first; data stays unless told otherwise",
  arguments: [environmentArgument({ default: "dev" })],
  options: [
    new Option("--team <team>", "only this team's slots and route"),
    new Option("--delete-data", "delete the teams' data too"),
    new Option("-y, --yes", "do not ask (where nobody sits at a terminal, nothing is asked)"),
  ],
  examples: ["switchyard down dev", "switchyard down dev --team ai-workflow --yes"],
  async run(context, [given], { team, deleteData = false, yes }) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    const { output } = context;
    if (team !== undefined) await knownTeam(opened, context, environment, team);
    const what = team === undefined ? `${environment} with all its teams` : `team ${team} on ${environment}`;
    const data = deleteData ? ", and delete its data" : "";
    if (context.interactive && !yes && !(await agreed(`Take ${what} down${data}? Nothing answers there afterwards.`))) {
      output.answer({ event: "down", environment, done: false }, ["Nothing was changed."]);
      return exitCodes.refused;
    }
    const { driver, project } = opened;
    const { removed } = await watched(context, {
      title: `down ${what}`,
      engine: project.engine(environment),
      onInterrupt: { first: "stopping after what is under way.", goOn: `switchyard down ${environment}` },
      work: (running) =>
        driver.down(project, environment, { ...(team !== undefined && { team }), deleteData, ...running }),
    });
    const kept = deleteData ? "its data is deleted" : "its data is kept";
    output.answer({ event: "down", environment, done: true, removed, deleteData }, [
      `${output.paint("green", "✓")} ${what} is down; ${kept}`,
    ]);
    return exitCodes.ok;
  },
};

/** Ctrl-C and Ctrl-D close the terminal without an answer, which is a no. */
async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    terminal.once("close", () => resolve(false));
    terminal.question(`${question} [y/N] `, (words) => {
      resolve(/^y(es)?$/i.test(words.trim()));
      terminal.close();
    });
  });
}
