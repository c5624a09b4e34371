import { CommandError, ConcurrentUpdateError } from "@pulumi/pulumi/automation";
import { catalogue, type ErrorCode, messageOf, SwitchyardError } from "../../config/errors";
import { isLockLost } from "../../engine";

const isCode = (text: string): text is ErrorCode => text in catalogue;

/**
 * The one sentence in a failed stack operation. `diagnostics` are the engine's own error events, the best source: our
 * program ends its sentences with `[code]`, our provider begins them with `code: `.
 */
export function asSwitchyardError(thrown: unknown, stack: string, diagnostics: string[]): SwitchyardError {
  if (thrown instanceof SwitchyardError) return thrown;
  if (isLockLost(thrown)) {
    return new SwitchyardError(
      "lease-lost",
      `Another driver took stack ${stack} over; this one stopped without changing anything more.`,
      { cause: thrown },
    );
  }
  const text = messageOf(thrown);
  if (thrown instanceof ConcurrentUpdateError) {
    const owner = /created by .*/.exec(text)?.[0] ?? "";
    return new SwitchyardError(
      "stack-locked",
      `Stack ${stack} is locked: ${owner || "another operation is running"}.`,
      { cause: thrown },
    );
  }
  if (/incorrect passphrase|passphrase must be set/.test(text)) {
    return new SwitchyardError("passphrase-wrong", `The passphrase does not open the secrets of stack ${stack}.`, {
      cause: thrown,
    });
  }
  for (const sentence of [...diagnostics, ...text.split("\n")]) {
    const ours = /^(?:error: )?(.*)\s\[([a-z-]+)\]\s*$/s.exec(sentence.trim());
    if (ours?.[1] && ours[2] && isCode(ours[2])) return named(ours[2], ours[1], thrown);
    const provider = /(?:^|\s)([a-z]+(?:-[a-z]+)+): (.*)$/s.exec(sentence.trim());
    if (provider?.[1] && provider[2] && isCode(provider[1])) return named(provider[1], provider[2].trim(), thrown);
  }
  const first = diagnostics.find((line) => line.trim() !== "") ?? lastErrorLine(text);
  const code = codeOf(`${first}\n${text}`);
  return new SwitchyardError(code, `Stack ${stack}: ${first.trim()}`, {
    cause: thrown,
    facts: thrown instanceof CommandError ? { diagnostics } : {},
  });
}

/** The engine's own words for what no provider and no program of ours says. */
function codeOf(text: string): ErrorCode {
  if (/ENOSPC|no space left|the disk is full/i.test(text)) return "disk-full";
  if (/failed to load checkpoint|state file contains errors/.test(text)) return "state-damaged";
  return "stack-operation-failed";
}

function lastErrorLine(text: string): string {
  const lines = text.split("\n").filter((line) => line.includes("error:"));
  return (lines.at(-1) ?? text.split("\n")[0] ?? text).replace(/^.*?error:\s*/, "");
}

/** Program and provider say the advice in the same breath; it is told apart again, so that nobody reads it twice. */
function named(code: ErrorCode, sentence: string, cause: unknown): SwitchyardError {
  const advice = catalogue[code].next;
  const message = sentence.endsWith(advice) ? sentence.slice(0, -advice.length).trim() : sentence;
  return new SwitchyardError(code, message, { cause });
}
