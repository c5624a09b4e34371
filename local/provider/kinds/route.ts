import { z } from "zod";
import { isNewer } from "../../../config/settings";
import { equal } from "../../../config/wire";
import { type Call, type Failure, kind } from "../kind";
import { absolutePath, name, orNull } from "./shared";

const schema = z.strictObject({
  runtimeDir: absolutePath,
  team: name,
  paths: z.array(z.string().startsWith("/")).min(1),
  targetGroups: z.record(z.string(), z.string()),
  weights: z.record(z.string(), z.int().min(0).max(100)),
  live: orNull(z.string()),
  epoch: z.int().min(0),
  revision: z.int().min(0),
  release: z.string(),
});
type RouteInputs = z.output<typeof schema>;

/** Those that a release decides; the others are the environment's settings. */
const ofRelease = ["live", "weights", "release"] as const;
const ofEnvironment = ["paths", "targetGroups"] as const;

/** The fence on the state's side: config that is older than the state must not be applied, not even in a preview. */
function check(news: RouteInputs, olds: RouteInputs | null, { stack }: Call): Failure[] {
  const failures = Object.keys(news.weights)
    .filter((slot) => news.targetGroups[slot] === undefined)
    .map((slot) => ({ property: "weights", reason: `slot ${slot} has a weight and no target group` }));
  if (!olds || isNewer(news, olds)) return failures;
  const wanted = `epoch ${news.epoch} revision ${news.revision}`;
  const held = `the state's ${olds.epoch}.${olds.revision}`;
  const other = <Key extends keyof RouteInputs>(keys: readonly Key[]) =>
    keys.filter((key) => !equal(news[key], olds[key]));
  const fail = (property: string, reason: string) => [...failures, { property, reason }];
  const advice = `run \`pulumi config refresh -s ${stack}\``;
  if (isNewer(olds, news)) return fail("epoch", `${wanted} is older than ${held}: ${advice}`);
  const [release] = other(ofRelease);
  if (release) return fail(release, `${wanted} is ${held} with another ${release}: ${advice}`);
  const [setting] = other(ofEnvironment);
  if (setting)
    return fail(
      setting,
      `${setting} changed in the environment: deploy or resume the team, which gives a new revision`,
    );
  return failures;
}

async function put({ runtimeDir: _, ...spec }: RouteInputs, { runtime }: Call): Promise<Record<string, never>> {
  await runtime.putRoute(spec);
  return {};
}

export const route = kind(schema, {
  id: ({ team }) => team,
  replaceOn: ["runtimeDir", "team"],
  check,
  create: put,
  update: (news, _, call) => put(news, call),
  read: async ({ team }, { runtime }) => (await runtime.revivedLoadBalancer()).routes[team],
  delete: ({ team }, { runtime }) => runtime.removeRoute(team),
});
