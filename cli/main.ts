/** The process: runs one command, tells how it ended, and exits. Nothing else in `cli` ends the process. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommanderError } from "commander";
import { exitCodes, SwitchyardError } from "../config/errors";
import { commands } from "./commands";
import { watchInterrupts } from "./interrupts";
import { createOutput, modeFor } from "./output";
import { createProgram } from "./program";
import { failureDocument, failureLines, failureOf } from "./show/failure";

const packageFile = join(__dirname, "..", "..", "package.json");

async function run(argv: string[]): Promise<number> {
  let code: number = exitCodes.ok;
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  const interrupts = watchInterrupts(leave);
  const program = createProgram({ version, commands, interrupts, done: (ended) => (code = ended) });
  if (argv.length === 0) {
    process.stderr.write(program.helpInformation());
    return exitCodes.usage;
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    return tell(thrown instanceof CommanderError ? usageError(thrown, argv[0]) : thrown, argv);
  }
}

function tell(thrown: unknown, argv: string[]): number {
  const failure = failureOf(thrown);
  const output = createOutput(modeFor(argv.includes("--json")));
  if (output.mode === "json") output.answer(failureDocument(failure), []);
  else for (const line of failureLines(failure, output.paint, argv.includes("--verbose"))) output.aside(line);
  return failure.exitCode;
}

/** commander's words begin with `error:` and have its guess on a second line. */
function usageError(thrown: CommanderError, command: string | undefined): SwitchyardError {
  const words = (
    thrown.code === "commander.help" ? `\`switchyard ${command}\` needs one of its commands` : thrown.message
  )
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ")
    .trim();
  const sentence = words.charAt(0).toUpperCase() + words.slice(1);
  const help = commands.some(({ name }) => name === command) ? `switchyard help ${command}` : "switchyard help";
  return new SwitchyardError("usage", /[.)?]$/.test(sentence) ? sentence : `${sentence}.`, {
    next: `See \`${help}\`.`,
  });
}

/** Once what was written has arrived; handles that the SDK left open must not keep a pipeline waiting. */
function leave(code: number): void {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

// whoever reads our output has seen enough, as in `switchyard history | head -1`
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.ok);
});

run(process.argv.slice(2)).then(leave, (thrown: unknown) => leave(tell(thrown, process.argv)));
