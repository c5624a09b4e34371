/** One team's config: the entry `teams.<name>` of `Pulumi.<environment>.yaml`. Types, defaults and documentation come from here. */
import { z } from "zod";
import { durationSchema } from "./units";

export const slotNameSchema = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,37}[a-z0-9])?$/,
    "expected a slot's name like `slot-1`: up to 39 lower-case letters, digits and hyphens, and no hyphen at the end",
  );

export const teamNameSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,38}[a-z0-9]$/,
    "expected a team name like `ai-workflow`: 2 to 40 lower-case letters, digits and hyphens",
  );

const pathPrefixSchema = z
  .string()
  .regex(/^\/[A-Za-z0-9._~/-]*$/, "expected a path that starts with / , for example /api/realtime");

/** What a slot's process is told about itself. */
const ownVariables = ["PORT", "HOST", "SLOT", "TEAM", "VERSION", "DATA_DIR", "DATABASE_FILE"];

export const environmentVariablesSchema = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable, for example LOG_LEVEL")
    .refine(
      (name) => !ownVariables.includes(name),
      `expected another name than ${ownVariables.join(", ")}, which are set already`,
    ),
  z.string().refine((value) => !value.includes("\0"), "expected text without a NUL"),
);

const sourceSchema = z.strictObject({
  repository: z.string().default(".").describe("a git repository: a folder, relative to the project folder, or a URL"),
  path: z.string().default(".").describe("the service's folder inside the repository"),
  build: z
    .array(z.array(z.string()).min(1))
    .default([])
    .describe("commands run once per commit in the exported folder, each an argument list; never through a shell"),
  start: z
    .array(z.string())
    .min(1)
    .default(["node", "server.js"])
    .describe(
      "the command that starts the service, as an argument list; it gets PORT, HOST, SLOT, TEAM, VERSION, DATA_DIR and DATABASE_FILE in its environment",
    ),
});

const healthSchema = z.strictObject({
  endpoints: z
    .array(pathPrefixSchema)
    .min(1)
    .describe("each must answer 2xx before a version may take traffic; the first is the target group's own check"),
  webSocket: pathPrefixSchema.optional().describe("verify also opens a WebSocket here and waits for the handshake"),
  interval: durationSchema.default("1s").describe("how often the load balancer checks a slot"),
  timeout: durationSchema.default("2s").describe("one check's deadline"),
  healthyAfter: z.int().min(1).max(20).default(1).describe("good checks in a row until a slot counts as healthy"),
  unhealthyAfter: z.int().min(1).max(20).default(3).describe("bad checks in a row until a slot counts as unhealthy"),
});

const rulesSchema = z.strictObject({
  errorRate: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe("share of 5xx answers and failed requests that is too much"),
  latencyP99: durationSchema.default("1s").describe("the team's latency limit: a 99th percentile above it is too slow"),
  window: durationSchema.default("500ms").describe("the stretch of time that one judgement looks at"),
  minimumRequests: z
    .int()
    .min(1)
    .default(10)
    .describe("fewer requests in the window are no data, and no data is never a pass"),
});

const releaseSchema = z.strictObject({
  verifyTimeout: durationSchema.default("30s").describe("a candidate that is not healthy by then is refused"),
  shift: z
    .array(z.int().min(1).max(100))
    .min(1)
    .default([100])
    .refine(
      (steps) => steps.at(-1) === 100 && steps.every((step, i) => i === 0 || step > (steps[i - 1] ?? 0)),
      "expected rising percentages that end with 100, for example [10, 50, 100]",
    )
    .describe("the candidate's share of traffic, step by step; [100] switches at once"),
  stepBake: durationSchema.default("5s").describe("the watch after each step but the last"),
  bake: durationSchema.default("30s").describe("the watch after the switch"),
  noData: z
    .enum(["halt", "roll-back"])
    .default("halt")
    .describe("what to do when the bake ends without the minimum sample"),
  warm: durationSchema
    .default("15m")
    .describe("how long the old slot stays ready for an instant rollback after the release settled"),
  drain: durationSchema.default("30s").describe("how long connections of a slot that lost its traffic may stay open"),
  concurrent: z
    .enum(["queue", "replace", "refuse"])
    .default("queue")
    .describe("a second release of the same team while one runs: wait for it, abort it, or be refused"),
});

const quotasSchema = z.strictObject({
  memoryMb: z.int().min(16).default(512).describe("memory limit of one slot"),
  cpus: z.number().min(0.05).default(1).describe("CPU limit of one slot, in cores"),
  diskMb: z.int().min(1).default(2048).describe("what the team's data may take"),
});

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return false;
    throw thrown;
  }
}
const replicasSchema = z
  .strictObject({
    min: z.int().min(1).max(1000).default(2).describe("copies of a slot that always run"),
    max: z
      .int()
      .min(1)
      .max(1000)
      .default(2)
      .describe("copies that an autoscaler may go up to; it is there where this is more than `min`"),
    cpuPercent: z
      .int()
      .min(1)
      .max(100)
      .default(70)
      .describe("the share of `quotas.cpus` in use that the autoscaler aims at"),
  })
  .refine(({ min, max }) => min <= max, "expected a `max` that is not less than `min`");

export const teamSchema = z.strictObject({
  branchPrefix: z
    .string()
    .min(1)
    .describe("branches that begin with this belong to the team, for example feature/realtime"),
  slots: z
    .tuple([slotNameSchema, slotNameSchema])
    .refine(([first, second]) => first !== second, "expected two different slots")
    .describe("the team's two slots"),
  paths: z.array(pathPrefixSchema).min(1).describe("path prefixes that the load balancer routes to the team"),
  health: healthSchema.describe("how a slot proves that it works"),
  metrics: z
    .array(z.string().regex(/^[a-z][a-z0-9_]*$/, "expected a metric's name, for example active_connections"))
    .default([])
    .describe("the team's own metrics, by name"),
  conflicts: z
    .strictObject({
      resolution: z
        .enum(["automatic", "manual"])
        .default("manual")
        .describe("automatic: merge what validators accept; manual: a person decides"),
      report: z.enum(["summary", "detailed"]).default("detailed").describe("how much a conflict report says"),
    })
    .prefault({})
    .describe("what happens when the team's branches collide with others"),
  branches: z
    .strictObject({
      topic: z
        .string()
        .refine(isPattern, "expected a regular expression, for example [a-z0-9-]+")
        .default("[a-z0-9]+([._-][a-z0-9]+)*")
        .describe("what may follow the prefix and a hyphen in a branch's name: a regular expression for all of it"),
      sync: z
        .enum(["rebase", "merge"])
        .default("rebase")
        .describe(
          "how a branch is brought up to date: its commits are put on top of the base, or the base is merged in",
        ),
      upToDate: z
        .boolean()
        .default(false)
        .describe("whether a branch may be released here only when it has all of the base"),
    })
    .prefault({})
    .describe("how the team's branches are named and kept current"),
  source: sourceSchema.prefault({}).describe("where a version comes from and how it is built and started"),
  env: environmentVariablesSchema
    .default({})
    .describe("environment variables of the team's slots; secret ones belong in `secrets`"),
  rules: rulesSchema.prefault({}).describe("when a version counts as bad"),
  release: releaseSchema.prefault({}).describe("how a release goes"),
  quotas: quotasSchema.prefault({}).describe("what a team may take"),
  replicas: replicasSchema
    .prefault({})
    .describe("kubernetes, aws: how many copies a slot runs; on local it is always one process"),
});
export type TeamConfig = z.output<typeof teamSchema>;
export type TeamConfigInput = z.input<typeof teamSchema>;
