import { EngineFailure, notSupported } from "../failure";

/** What a command line may hold. Flags of the real CLI that are in neither list are refused by name. */
export interface CommandSpec {
  /** The words that name it, for example `stack select`. */
  name: string;
  switches?: readonly string[];
  values?: readonly string[];
  /** Most positional arguments; none unless given. */
  positional?: number;
}

export interface Arguments {
  /** In the order given; a switch has the value "true" or "false". */
  flags: readonly { name: string; value: string }[];
  positional: readonly string[];
}

const commonSwitches = ["non-interactive", "suppress-outputs", "suppress-progress"];
const commonValues = ["stack", "color", "config-file"];
const shortNames: Record<string, string> = {
  s: "stack",
  y: "yes",
  m: "message",
  p: "parallel",
  t: "target",
  j: "json",
  f: "force",
};

/** Flags that the CLI has and this engine does not do: a person should read that, not "unknown flag". */
const cliFlags = new Set(
  (
    "attach-debugger config copy-config-from cwd debug diff-changes disable-integrity-checking emoji exclude exclude-dependents exclude-protected " +
    "fully-qualify-stack-names import-file import-pending-creates json logflow logtostderr memprofilerate otel-traces plan " +
    "policy-pack policy-pack-config profiling raw remote remote-agent-pool-id remote-env remote-env-secret remote-executor-image " +
    "remote-git-auth-access-token remote-git-branch remote-git-commit remote-git-repo-dir remote-inherit-settings " +
    "remote-pre-run-command remote-skip-install-dependencies remove save-plan secrets-provider shell show-config " +
    "show-full-output show-ids show-reads show-replacement-steps show-sames show-secrets show-urns skip-pending-creates " +
    "strict suppress-permalink suppress-stream-logs target-dependents target-replace teams tracing tracing-header type verbose version"
  ).split(" "),
);

/** @throws EngineFailure in the CLI's words for what it would not understand, by name for what only this engine does not do. */
export function parseArguments(spec: CommandSpec, args: readonly string[]): Arguments {
  const switches = new Set([...commonSwitches, ...(spec.switches ?? [])]);
  const values = new Set([...commonValues, ...(spec.values ?? [])]);
  const flags: { name: string; value: string }[] = [];
  const positional: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (argument === "--") {
      positional.push(...args.slice(index + 1));
      break;
    }
    if (!argument.startsWith("-") || argument === "-") {
      positional.push(argument);
      continue;
    }
    const { name, value } = splitFlag(argument);
    if (switches.has(name)) flags.push({ name, value: switchValue(argument, value) });
    else if (!values.has(name)) throw refusal(spec, argument, name);
    else if (value !== undefined) flags.push({ name, value });
    else {
      const next = args[++index];
      if (next === undefined) throw new EngineFailure(`flag needs an argument: ${argument}`);
      flags.push({ name, value: next });
    }
  }
  const most = spec.positional ?? 0;
  if (positional.length > most) {
    throw new EngineFailure(`accepts at most ${most} arg(s), received ${positional.length}`);
  }
  return { flags, positional };
}

function splitFlag(argument: string): { name: string; value: string | undefined } {
  const long = argument.startsWith("--");
  const body = argument.slice(long ? 2 : 1);
  const equals = body.indexOf("=");
  const name = equals < 0 ? body : body.slice(0, equals);
  return { name: long ? name : (shortNames[name] ?? name), value: equals < 0 ? undefined : body.slice(equals + 1) };
}

function switchValue(argument: string, value: string | undefined): string {
  if (value === undefined || value === "true") return "true";
  if (value === "false") return value;
  throw new EngineFailure(`invalid argument "${value}" for "${argument.split("=")[0]}" flag: it is true or false`);
}

const refusal = (spec: CommandSpec, argument: string, name: string): EngineFailure =>
  cliFlags.has(name)
    ? notSupported(`the flag --${name} of 'pulumi ${spec.name}'`)
    : new EngineFailure(`unknown flag: ${argument.split("=")[0]}`);

export const flagValue = (args: Arguments, name: string): string | undefined =>
  args.flags.findLast((flag) => flag.name === name)?.value;

export const flagValues = (args: Arguments, name: string): string[] =>
  args.flags.filter((flag) => flag.name === name).map((flag) => flag.value);

export const isSet = (args: Arguments, name: string): boolean => flagValue(args, name) === "true";

/** A whole number. @throws EngineFailure that names the flag. */
export function numberFlag(args: Arguments, name: string): number | undefined {
  const text = flagValue(args, name);
  if (text === undefined) return undefined;
  if (!/^-?\d+$/.test(text))
    throw new EngineFailure(`invalid argument "${text}" for "--${name}" flag: it is a whole number`);
  return Number(text);
}
