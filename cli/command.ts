/** What a command is: a value that says how it is called and what it does. Only `main.ts` ends the process. */
import type { Option } from "commander";
import type { Context } from "./context";

export interface Command<Arguments extends (string | undefined)[] = [], Options extends object = object> {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  arguments: { name: string; about: string; default?: string; optional?: true }[];
  options: Option[];
  /** Whole command lines, for the command's own help. */
  examples: string[];
  /** The exit code. Throws `SwitchyardError`. */
  run(context: Context, given: Arguments, options: Options): Promise<number>;
}

/** Any command; how it is called was checked against its `arguments` and `options` when it gets here. */
export type AnyCommand = Pick<Command, "name" | "summary" | "arguments" | "options" | "examples"> & {
  run(context: Context, given: never, options: never): Promise<number>;
};

/** Commands under one word. */
export interface CommandGroup {
  name: string;
  summary: string;
  commands: AnyCommand[];
}

export const environmentArgument = (more: { default?: string } = {}) => ({
  name: "environment",
  about: "dev, staging or prod",
  ...more,
});
export const teamArgument = { name: "team", about: "a team of the environment" };
