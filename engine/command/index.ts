import { userInfo } from "node:os";
import { messageOf } from "../../config/errors";
import type { ProviderSource } from "../deployment/request";
import { EngineFailure, notSupported } from "../failure";
import { attachedProviders } from "../provider";
import { type CommandSpec, isSet, parseArguments } from "./arguments";
import { createCommandError } from "./commandError";
import * as config from "./configCommands";
import { backendOf, type Command, type Deploy, printJson } from "./context";
import * as operations from "./operations";
import * as stack from "./stackCommands";
import * as state from "./stateCommands";

export { causeOf } from "./commandError";

interface Entry extends CommandSpec {
  run: Command;
}

const operationSwitches = [
  "yes",
  "skip-preview",
  "preview-only",
  "expect-no-changes",
  "diff",
  "run-program",
  "non-interactive",
];
const operationValues = ["message", "parallel", "target", "client", "exec-kind", "exec-agent", "event-log"];

const whoami: Command = async (invocation) => {
  const { username } = userInfo();
  if (!isSet(invocation.args, "json")) invocation.output.out(`${username}\n`);
  else printJson(invocation, { user: username, url: backendOf(invocation).url });
};

/** Everything this engine does. What is not here is refused. */
const commands: readonly Entry[] = [
  {
    name: "up",
    run: operations.up,
    switches: [...operationSwitches, "refresh", "continue-on-error"],
    values: [...operationValues, "replace"],
  },
  {
    name: "preview",
    run: operations.preview,
    switches: [...operationSwitches, "refresh"],
    values: [...operationValues, "replace"],
  },
  {
    name: "refresh",
    run: operations.refresh,
    switches: [...operationSwitches, "clear-pending-creates"],
    values: operationValues,
  },
  {
    name: "destroy",
    run: operations.destroy,
    switches: [...operationSwitches, "refresh", "continue-on-error"],
    values: operationValues,
  },
  { name: "cancel", run: stack.cancel, switches: ["yes"], positional: 1 },
  { name: "whoami", run: whoami, switches: ["json"] },
  { name: "stack", run: stack.show },
  { name: "stack select", run: stack.select, positional: 1 },
  { name: "stack init", run: stack.init, switches: ["no-select"], values: ["secrets-provider"], positional: 1 },
  { name: "stack rm", run: stack.remove, switches: ["yes", "force", "preserve-config"], positional: 1 },
  { name: "stack ls", run: stack.list, switches: ["json", "all"] },
  { name: "stack rename", run: stack.rename, positional: 1 },
  { name: "stack output", run: state.output, switches: ["json", "show-secrets"], positional: 1 },
  { name: "stack history", run: state.history, switches: ["json", "show-secrets"], values: ["page", "page-size"] },
  { name: "stack export", run: state.exportState, switches: ["show-secrets"], values: ["file"] },
  { name: "stack import", run: state.importState, switches: ["force"], values: ["file"] },
  { name: "stack tag ls", run: stack.tagList, switches: ["json"] },
  { name: "stack tag get", run: stack.tagGet, positional: 1 },
  { name: "stack tag set", run: stack.tagSet, positional: 2 },
  { name: "stack tag rm", run: stack.tagRemove, positional: 1 },
  { name: "config", run: config.all, switches: ["json", "show-secrets"] },
  { name: "config get", run: config.get, switches: ["json", "path"], positional: 1 },
  { name: "config set", run: config.set, switches: ["path", "secret", "plaintext"], positional: 2 },
  { name: "config set-all", run: config.setAll, switches: ["path"], values: ["secret", "plaintext", "json"] },
  { name: "config rm", run: config.remove, switches: ["path"], positional: 1 },
  { name: "config rm-all", run: config.remove, switches: ["path"], positional: Number.MAX_SAFE_INTEGER },
  { name: "config refresh", run: config.refresh, switches: ["force"] },
];

/** The CLI's commands that this engine leaves to it. */
const cliCommands = new Set(
  (
    "about ai console convert deployment do env import install login logout logs new org package plugin policy " +
    "replay-events schema state template version view watch help gen-completion gen-markdown"
  ).split(" "),
);

function findCommand(args: readonly string[]): { entry: Entry; rest: string[] } {
  const words = args.slice(
    0,
    firstIndex(args, (argument) => argument.startsWith("-")),
  );
  for (let length = Math.min(words.length, 3); length > 0; length--) {
    const name = words.slice(0, length).join(" ");
    const entry = commands.find((candidate) => candidate.name === name);
    if (entry === undefined) continue;
    const unknown = words[length];
    if (unknown !== undefined && (entry.positional ?? 0) === 0) throw notSupported(`'pulumi ${name} ${unknown}'`);
    return { entry, rest: args.slice(length) };
  }
  const [first = ""] = words;
  if (cliCommands.has(first) || first === "stack" || first === "config")
    throw notSupported(`'pulumi ${words.join(" ")}'`);
  throw new EngineFailure(`unknown command "${first}" for "pulumi"\nRun 'pulumi --help' for usage.`);
}

function firstIndex<T>(list: readonly T[], matches: (item: T) => boolean): number {
  const index = list.findIndex(matches);
  return index < 0 ? list.length : index;
}

/** What the Automation API reads of a command that ended well. */
export interface CommandResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface RunOptions {
  args: readonly string[];
  folder: string;
  env: Record<string, string>;
  onOutput?: (text: string) => void;
  onError?: (text: string) => void;
  signal?: AbortSignal;
  providers: ProviderSource;
  deploy: Deploy;
  now: () => Date;
  automation?: object;
  mayWrite: () => boolean;
}

/** Runs one command line. @throws the Automation API's CommandError classes, with the text that the CLI would leave. */
export async function runCommand(options: RunOptions): Promise<CommandResult> {
  let stdout = "";
  let stderr = "";
  const output = {
    out: (text: string): void => {
      stdout += text;
      options.onOutput?.(text);
    },
    error: (text: string): void => {
      stderr += text;
      options.onError?.(text);
    },
  };
  const { folder, signal, deploy, now, mayWrite } = options;
  const variables = (name: string): string | undefined => options.env[name] ?? process.env[name];
  let providers: ReturnType<typeof attachedProviders> | undefined;
  try {
    providers = attachedProviders(variables("PULUMI_DEBUG_PROVIDERS"), options.providers);
    const { entry, rest } = findCommand(options.args);
    await entry.run({
      args: parseArguments(entry, rest),
      folder,
      variables,
      env: options.env,
      output,
      providers,
      deploy,
      signal,
      now,
      mayWrite,
    });
    return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, ""), code: 0 };
  } catch (thrown) {
    output.error(`error: ${messageOf(thrown)}\n`);
    const code = thrown instanceof EngineFailure ? thrown.exitCode : 255;
    throw createCommandError({
      args: options.args,
      code,
      stdout,
      stderr,
      cause: thrown,
      automation: options.automation,
    });
  } finally {
    providers?.close();
  }
}
