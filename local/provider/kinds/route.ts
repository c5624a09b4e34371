import { z } from "zod";
import { isNewer } from "../../../config/settings";
import { type Call, type Failure, kind } from "../kind";
import { equal } from "../values";
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

const weighted = ({ live, weights, release }: RouteInputs) => ({ live, weights, release });

/** The fence on the state's side: config that is older than the state must not be applied, not even in a preview. */
function check(news: RouteInputs, olds: RouteInputs | null, { stack }: Call): Failure[] {
  const failures = Object.keys(news.weights)
    .filter((slot) => news.targetGroups[slot] === undefined)
    .map((slot) => ({ property: "weights", reason: `slot ${slot} has a weight and no target group` }));
  if (!olds) return failures;
  const advice = `run \`pulumi config refresh -s ${stack}\``;
  const wanted = `epoch ${news.epoch} revision ${news.revision}`;
  const held = `${olds.epoch}.${olds.revision}`;
  if (isNewer(olds, news))
    failures.push({ property: "epoch", reason: `${wanted} is older than the state's ${held}: ${advice}` });
  else if (!isNewer(news, olds) && !equal(weighted(news), weighted(olds)))
    failures.push({ property: "revision", reason: `${wanted} is the state's ${held} with other content: ${advice}` });
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
  read: async ({ team }, { runtime }) => (await runtime.loadBalancer()).routes[team],
  delete: ({ team }, { runtime }) => runtime.removeRoute(team),
});
