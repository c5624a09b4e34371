/** One environment's config: what `Pulumi.<environment>.yaml` holds under the namespace `switchyard`. */
import { resolve } from "node:path";
import { z } from "zod";
import { kubernetesSchema } from "./kubernetes";
import { seedTeams } from "./seed";
import { environmentVariablesSchema, teamNameSchema, teamSchema } from "./team";
import { durationSchema } from "./units";

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

/** `Pulumi.prod.yaml` and `Pulumi.production.yaml` are two names for one file. */
export function environmentFileNames(environment: EnvironmentName): string[] {
  const names = [environment, ...Object.keys(longNames).filter((long) => longNames[long] === environment)];
  return names.map((name) => `Pulumi.${name}.yaml`);
}

export const defaultPlatform: Record<EnvironmentName, PlatformName> = {
  dev: "local",
  staging: "kubernetes",
  prod: "aws",
};

export const loadBalancerKinds = ["embedded", "haproxy"] as const;
const isLoadBalancerKind = (given: unknown) => loadBalancerKinds.some((kind) => kind === given);

const loadBalancerSchema = z.strictObject({
  kind: z
    .enum(loadBalancerKinds)
    .default("embedded")
    .describe("the local platform's load balancer: the project's own, or HAProxy where it is installed"),
  host: z.string().default("127.0.0.1").describe("the address it listens on; loopback unless told otherwise"),
  port: z.int().min(1).max(65535).default(8080).describe("the port that users' requests arrive at"),
  requestTimeout: durationSchema.default("30s").describe("the longest that one answer may take; then 504"),
});

const branchesSchema = z.strictObject({
  base: z
    .string()
    .regex(/^[A-Za-z0-9][\w./-]*$/, "expected the name of a branch, for example main")
    .default("main")
    .describe("the protected branch that all others begin at and land on"),
  remote: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, "expected the name of a remote, for example origin")
    .default("origin")
    .describe("the remote that everybody shares; a repository without it is worked on alone"),
});

export const environmentSchema = z.strictObject({
  platform: z
    .enum(platformNames)
    .optional()
    .describe("where slots run; by default dev is local, staging is kubernetes, prod is aws"),
  engine: z
    .enum(["embedded", "cli"])
    .optional()
    .describe("what runs stack operations; by default embedded for local, cli for kubernetes and aws"),
  loadBalancer: z
    .preprocess((given) => (isLoadBalancerKind(given) ? { kind: given } : given), loadBalancerSchema)
    .prefault({})
    .describe("where users' requests arrive; `haproxy` alone stands for `{ kind: haproxy }`"),
  kubernetes: kubernetesSchema.optional().describe("kubernetes: the cluster; an environment on that platform needs it"),
  firstPort: z
    .int()
    .min(1024)
    .max(64000)
    .default(21000)
    .describe("local: slots get ports from here on, ten for each team; a team keeps its ports when others come and go"),
  runtime: z
    .string()
    .min(1)
    .default(".switchyard/run")
    .describe(
      "local: the folder of sockets, logs and daemons' records, relative to the project folder; each environment has its own folder in it",
    ),
  data: z
    .string()
    .min(1)
    .default(".switchyard/data")
    .describe(
      "local: the folder of the teams' data, relative to the project folder; each environment has its own folder in it",
    ),
  protect: z
    .boolean()
    .default(true)
    .describe(
      "whether Pulumi refuses to delete namespaces and data; before you remove a team or the environment, set it to false and run `up`",
    ),
  deleteData: z
    .boolean()
    .default(false)
    .describe("local: whether deleting a team's data in Pulumi deletes its files too; otherwise they stay on the disk"),
  branches: branchesSchema.prefault({}).describe("where branches come from and land, for all teams"),
  teams: z
    .record(teamNameSchema, teamSchema)
    .refine((teams) => Object.keys(teams).length > 0, "expected at least one team")
    .prefault(seedTeams)
    .describe("the teams, by name; without it the two teams realtime-collaboration and ai-workflow"),
  secrets: z
    .record(teamNameSchema, environmentVariablesSchema)
    .default({})
    .describe(
      "secret environment variables of each team's slots, set with `switchyard secret <team> <NAME>`, or with `pulumi config set --secret --path`",
    ),
});
export type EnvironmentConfig = z.output<typeof environmentSchema>;

/** Where the local platform keeps an environment's things; every environment has its own folders, so that two can run side by side. */
export function environmentFolders(projectDir: string, environment: string, config: EnvironmentConfig) {
  return {
    runtimeDir: resolve(projectDir, config.runtime, environment),
    dataDir: resolve(projectDir, config.data, environment),
  };
}
