import { z } from "zod";
import { environmentSchema } from "../environment";
import { type Field, fieldsOf } from "./fields";

/** docs/configuration.md */
export function configurationPage(): string {
  const fields = fieldsOf(z.toJSONSchema(environmentSchema, { io: "input" }));
  const top = fields.filter(({ path }) => !path.includes("."));
  const lines = (rows: Field[]) => [
    "| key | type | default | what it means |",
    "|---|---|---|---|",
    ...rows.map((field) => `| \`${field.path}\` | ${field.type} | ${defaultOf(field)} | ${field.means} |`),
  ];
  const sections = top.flatMap(({ path, means }) => {
    const inside = fields.filter((field) => field.path.startsWith(`${path}.`));
    return inside.length === 0 ? [] : ["", `## ${path}`, "", `${sentence(means)}`, "", ...lines(inside)];
  });
  return `${[
    "# Configuration",
    "",
    "<!-- Generated from config/environment.ts by `npm run docs`; CI fails when it is stale. -->",
    "",
    "An environment is configured in `Pulumi.<environment>.yaml`: `Pulumi.dev.yaml`, `Pulumi.staging.yaml`, `Pulumi.prod.yaml`",
    "(the long names `Pulumi.development.yaml` and `Pulumi.production.yaml` do as well). Every key is in the namespace",
    "`switchyard`, and every one may be left out. Unknown keys are mistakes; all mistakes are named at once.",
    "",
    "```yaml",
    "# yaml-language-server: $schema=./schemas/pulumi-stack.schema.json",
    "config:",
    "  switchyard:platform: local",
    "  switchyard:teams:",
    "    ai-workflow:",
    "      branchPrefix: feature/ai-workflow",
    "      slots: [slot-3, slot-4]",
    "      paths: [/api/ai, /api/workflow, /api/agents]",
    "      health:",
    "        endpoints: [/api/ai/health]",
    "```",
    "",
    "The first line lets editors complete and check the file. A third team is an entry beside the others; `switchyard up` or",
    "`pulumi up` brings it up, and leaves the others as they are. Durations are written like `250ms`, `30s`, `5m`, `2h`, `1d`.",
    "",
    "Team stacks (`Pulumi.<environment>.<team>.yaml`) are not configured by hand: they take their settings from the",
    "environment stack's outputs, and the driver writes their one key, `release`.",
    "",
    "## Keys",
    "",
    ...lines(top),
    ...sections,
  ].join("\n")}\n`;
}

function defaultOf(field: Field): string {
  if (field.required) return "must be given";
  return field.default === undefined ? "" : `\`${field.default}\``;
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
