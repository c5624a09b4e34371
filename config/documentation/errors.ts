import { catalogue, exitCodes } from "../errors";

const meanings: Record<keyof typeof exitCodes, string> = {
  ok: "done, or nothing to do",
  bug: "a bug in Switchyard",
  usage: "the command or the config is wrong; nothing was changed",
  refused: "a check said no; the live slot is as it was",
  rolledBack: "the version turned bad and the traffic was put back",
  halted: "a person has to decide",
  busy: "somebody else is at work on it",
  environment: "something outside of Switchyard is missing or broken",
  interrupted: "interrupted (Ctrl-C), and cleaned up",
};

/** docs/errors.md */
export function errorsPage(): string {
  return `${[
    "# Errors",
    "",
    "<!-- Generated from config/errors.ts by `npm run docs`; CI fails when it is stale. -->",
    "",
    "Every error that a person can do something about has a code, says what happened in one sentence, and what to do. Codes",
    "and exit codes never change their meaning and are never used again for another one.",
    "",
    "## Exit codes",
    "",
    "| exit code | name | what it means |",
    "|---|---|---|",
    ...Object.entries(exitCodes).map(
      ([name, code]) => `| ${code} | ${name} | ${meanings[name as keyof typeof exitCodes]} |`,
    ),
    "",
    "## Codes",
    "",
    "| code | exit code | what it means | what to do |",
    "|---|---|---|---|",
    ...Object.entries(catalogue).map(
      ([code, { exit, means, next }]) => `| \`${code}\` | ${exitCodes[exit]} | ${text(means)} | ${text(next)} |`,
    ),
  ].join("\n")}\n`;
}

/** Outside of code, `<team>` would be taken for HTML. */
function text(markdown: string): string {
  return markdown
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll("<", "&lt;") : part))
    .join("`");
}
