import * as ownCopy from "@pulumi/pulumi/automation/errors";

/** The SDK's own choice of error class by text. It is exported but left out of the type declarations. */
interface ErrorChoice {
  createCommandError(result: CommandFailure): Error;
}

interface CommandFailure {
  stdout: string;
  stderr: string;
  code: number;
  err: Error;
}

interface Failure {
  args: readonly string[];
  /** The exit code the CLI would have had. */
  code: number;
  stdout: string;
  stderr: string;
  cause: unknown;
  /** The SDK whose classes the caller knows; this package's own unless given. */
  automation: object | undefined;
}

/** A failed command as the SDK reports one of the real CLI: code -2, and everything it said in `stderr`. */
export function createCommandError({ args, code, stdout, stderr, cause, automation = ownCopy }: Failure): Error {
  const message = `Command failed with exit code ${code}: pulumi ${withoutSecrets(args).join(" ")}\n${stderr}${stdout}`;
  const err = cause instanceof Error ? cause : new Error(message);
  return (automation as ErrorChoice).createCommandError({
    stdout: "",
    stderr: message,
    code: -2,
    err,
    toString: () => `code: -2\n stdout: \n stderr: ${message}\n err?: ${err.toString()}\n`,
  } as CommandFailure);
}

/** The thrown cause of a CommandError that this engine made; undefined: it is of the real CLI. */
export function causeOf(thrown: unknown): Error | undefined {
  const { commandResult } = Object(thrown) as { commandResult?: { err?: unknown } };
  return commandResult?.err instanceof Error ? commandResult.err : undefined;
}

/** `config set` and `config set-all` carry values in their arguments, secret ones too. */
function withoutSecrets(args: readonly string[]): string[] {
  if (args[0] !== "config" || !args[1]?.startsWith("set")) return [...args];
  const value = args.findLastIndex(
    (argument, index) => index > 2 && !argument.startsWith("-") && args[index - 1] !== "--stack",
  );
  return args.map((argument, index) => {
    if (args[1] === "set") return index === value ? "[hidden]" : argument;
    if (args[index - 1] === "--json") return "[hidden]";
    return args[index - 1] === "--secret" ? argument.replace(/=.*$/s, "=[hidden]") : argument;
  });
}
