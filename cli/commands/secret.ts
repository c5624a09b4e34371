import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Option } from "commander";
import { exitCodes, SwitchyardError } from "../../config/errors";
import { type Command, environmentArgument, teamArgument } from "../command";
import { openDriver } from "../context";
import { environmentNamed } from "../names";

export const secret: Command<[team: string, name: string, environment: string], { remove?: true }> = {
  name: "secret",
  summary: "set a secret environment variable of a team's slots; its value is read from standard input",
  arguments: [
    teamArgument,
    { name: "name", about: "the variable, for example API_KEY" },
    environmentArgument({ default: "dev" }),
  ],
  options: [new Option("--remove", "remove it instead")],
  examples: [
    "switchyard secret ai-workflow MODEL_KEY dev < model-key.txt",
    "switchyard secret ai-workflow MODEL_KEY dev --remove",
  ],
  async run({ interactive, output, ...context }, [team, name, given], { remove = false }) {
    const environment = environmentNamed(given);
    const { driver, project } = await openDriver({ interactive, output, ...context });
    const value = remove ? null : await (interactive ? asked(`Value of ${name}: `) : piped());
    await driver.setSecret(project, { environment, team, name }, value);
    output.answer({ environment, team, name, set: !remove }, [
      `${output.paint("green", "✓")} ${name} of ${team} is ${remove ? "removed" : "set"}`,
      `next: \`switchyard up ${environment}\`; the team's next release has it`,
    ]);
    return exitCodes.ok;
  },
};

/** Without the line break that `echo` and editors put at the end. */
async function piped(): Promise<string> {
  return filled((await text(process.stdin)).replace(/\r?\n$/, ""));
}

/** Nothing of what is typed is shown. */
async function asked(question: string): Promise<string> {
  process.stderr.write(question);
  const terminal = createInterface({ input: process.stdin, terminal: true });
  const value = await new Promise<string>((resolve) => {
    terminal.once("line", resolve);
    terminal.once("close", () => resolve(""));
  });
  terminal.close();
  process.stderr.write("\n");
  return filled(value);
}

function filled(value: string): string {
  if (value !== "") return value;
  throw new SwitchyardError("usage", "There is no value on standard input.", {
    next: "Pipe it in (`… < file`), or remove the variable with --remove.",
  });
}
