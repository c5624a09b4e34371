/** One environment's config: what `Pulumi.<environment>.yaml` holds under the namespace `switchyard`. */
import { z } from "zod";
import { seedTeams } from "./seed";
import { teamNameSchema, teamSchema } from "./team";

export const platformNames = ["local", "kubernetes", "aws"] as const;
export type PlatformName = (typeof platformNames)[number];

/** Full names as the seed has them stand for the short ones, which name the stacks. */
const longNames: Record<string, string> = { development: "dev", stage: "staging", production: "prod" };
export const environmentNames = ["dev", "staging", "prod"] as const;
export type EnvironmentName = (typeof environmentNames)[number];

/** `production` -> `prod`; a name that is nobody's comes back as undefined. */
export function environmentName(name: string): EnvironmentName | undefined {
  const short = longNames[name] ?? name;
  return environmentNames.find((known) => known === short);
}

export const defaultPlatform: Record<EnvironmentName, PlatformName> = { dev: "local", staging: "kubernetes", prod: "aws" };

const loadBalancerSchema = z.strictObject({
  kind: z.enum(["embedded", "haproxy"]).default("embedded").describe("the local platform's load balancer: the project's own, or HAProxy where it is installed"),
  host: z.string().default("127.0.0.1").describe("the address it listens on; loopback unless told otherwise"),
  port: z.int().min(1).max(65535).default(8080),
  requestTimeout: z.string().regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/).default("30s").describe("the longest that one answer may take"),
});

export const environmentSchema = z.strictObject({
  platform: z.enum(platformNames).optional().describe("where slots run; by default dev is local, staging is kubernetes, prod is aws"),
  engine: z.enum(["embedded", "cli"]).optional().describe("what runs stack operations; by default embedded for local, cli for kubernetes and aws"),
  loadBalancer: loadBalancerSchema.prefault({}),
  firstPort: z.int().min(1024).max(64000).default(21000).describe("local: slots get ports from here on, ten for each team"),
  runtime: z.string().default(".switchyard/run").describe("local: the folder of sockets, logs and daemons' records, relative to the project folder"),
  data: z.string().default(".switchyard/data").describe("local: the folder of the teams' data, relative to the project folder"),
  teams: z
    .record(teamNameSchema, teamSchema)
    .refine((teams) => Object.keys(teams).length > 0, "expected at least one team")
    .prefault(seedTeams)
    .describe("the teams, by name; without it the two seed teams"),
  secrets: z
    .record(teamNameSchema, z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()))
    .default({})
    .describe("secret environment variables of each team's slots, set with `pulumi config set --secret --path`"),
});
export type EnvironmentConfig = z.output<typeof environmentSchema>;
