/** The command line as commander sees it. It ends nothing and prints no mistakes: both are for `main.ts`. */
import { Argument, Command as CommanderCommand, Option } from "commander";
import type { ProjectOptions } from "../automation";
import { SwitchyardError } from "../config/errors";
import type { AnyCommand, CommandGroup } from "./command";
import type { Context } from "./context";
import type { Interrupts } from "./interrupts";
import { createOutput, modeFor } from "./output";
import { projectFolder } from "./project-folder";

interface CommonOptions {
  project?: string;
  engine?: ProjectOptions["engine"];
  json?: true;
  verbose?: true;
}

interface ProgramOptions {
  version: string;
  commands: (AnyCommand | CommandGroup)[];
  interrupts: Interrupts;
  /** Told the exit code of the command that ran. */
  done(code: number): void;
}

export function createProgram({ version, commands, interrupts, done }: ProgramOptions): CommanderCommand {
  const program = new CommanderCommand("switchyard")
    .description("Releases each team's versions side by side, through Pulumi stacks, without a dropped request.")
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", "\nExit codes and JSON: docs/cli.md");
  for (const command of commands)
    program.addCommand(
      "commands" in command ? groupFor(command, interrupts, done) : commanderFor(command, interrupts, done),
    );
  return program;
}

function groupFor(group: CommandGroup, interrupts: Interrupts, done: (code: number) => void): CommanderCommand {
  const made = new CommanderCommand(group.name)
    .description(group.summary)
    .summary(group.summary)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  for (const command of group.commands) made.addCommand(commanderFor(command, interrupts, done));
  return made;
}

function commanderFor(command: AnyCommand, interrupts: Interrupts, done: (code: number) => void): CommanderCommand {
  const made = new CommanderCommand(command.name)
    .description(command.summary)
    .summary(command.summary)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join("\n")}`);
  for (const { name, about, default: preset, optional } of command.arguments) {
    const argument = new Argument(preset !== undefined || optional ? `[${name}]` : `<${name}>`, about);
    made.addArgument(preset === undefined ? argument : argument.default(preset));
  }
  for (const option of [...command.options, ...commonOptions()]) made.addOption(option);
  return made.action(async (...given: unknown[]) => {
    const values = given.slice(0, command.arguments.length);
    const options: CommonOptions = made.opts();
    try {
      done(await command.run(contextOf(options, interrupts), values as never, options as never));
    } catch (thrown) {
      if (!(thrown instanceof SwitchyardError)) throw thrown;
      throw thrown.at(Object.fromEntries(command.arguments.map(({ name }, i) => [name, values[i]])));
    }
  });
}

const commonOptions = (): Option[] => [
  new Option("--project <folder>", "the folder of Pulumi.yaml (default: the nearest one upwards)"),
  new Option("--engine <engine>", "instead of what the environment's config says")
    .choices(["embedded", "cli"])
    .env("SWITCHYARD_ENGINE"),
  new Option("--json", "JSON documents instead of text, one on a line; the last one is the answer"),
  new Option("--verbose", "with a mistake, also where in the program it was noticed"),
];

function contextOf(options: CommonOptions, interrupts: Interrupts): Context {
  const output = createOutput(modeFor(options.json ?? false));
  return {
    projectDir: projectFolder(options.project),
    engine: options.engine,
    verbose: options.verbose ?? false,
    output,
    interrupts,
    interactive: output.mode === "live" && process.stdin.isTTY,
  };
}
