import * as pulumi from "@pulumi/pulumi";
import type { TeamSettings } from "../../config/settings";
import { plain, recordOf, release, runProgram, version } from "./support";

const third = {
  branchPrefix: "feature/search",
  slots: ["slot-5", "slot-6"],
  paths: ["/api/search"],
  health: { endpoints: ["/api/search/health"] },
};
const seed = {
  "realtime-collaboration": {
    branchPrefix: "feature/realtime",
    slots: ["slot-1", "slot-2"],
    paths: ["/api/realtime"],
    health: { endpoints: ["/api/realtime/health"] },
  },
  "ai-workflow": {
    branchPrefix: "feature/ai-workflow",
    slots: ["slot-3", "slot-4"],
    paths: ["/api/ai"],
    health: { endpoints: ["/api/ai/health"] },
  },
};
const teamsOf = (outputs: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(outputs)
      .filter(([name]) => name.startsWith("team:"))
      .map(([name, settings]) => [name.slice(5), settings as TeamSettings]),
  );
const portsOf = (outputs: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(teamsOf(outputs)).map(([team, { slots }]) => [team, slots.map((slot) => slot.port)]),
  );

test("an environment registers these resources and no others; their names and types are a contract", async () => {
  const { registrations } = await runProgram({
    stack: "dev",
    stacks: { dev: {} },
    config: { teams: { "ai-workflow": seed["ai-workflow"] } },
  });
  expect(
    registrations.map(({ type, name, protect }) => `${type} ${name}${protect ? " (protected)" : ""}`).sort(),
  ).toEqual([
    "switchyard-local:index:AlarmSet ai-workflow",
    "switchyard-local:index:LoadBalancer load-balancer",
    "switchyard-local:index:Namespace ai-workflow (protected)",
    "switchyard-local:index:TargetGroup ai-workflow-slot-3",
    "switchyard-local:index:TargetGroup ai-workflow-slot-4",
    "switchyard-local:index:TeamData ai-workflow (protected)",
    "switchyard:index:AlarmSet ai-workflow",
    "switchyard:index:TargetGroup ai-workflow-slot-3",
    "switchyard:index:TargetGroup ai-workflow-slot-4",
    "switchyard:index:TeamData ai-workflow (protected)",
    "switchyard:index:TeamEnvironment ai-workflow",
    "switchyard:index:TeamNamespace ai-workflow (protected)",
  ]);
});

test("a third team is a config entry, and the others are registered exactly as before", async () => {
  const before = await runProgram({ stack: "dev", stacks: { dev: {} } });
  const teams = Object.fromEntries(Object.entries(teamsOf(before.outputs)).map(([team, { config }]) => [team, config]));
  const after = await runProgram({
    stack: "dev",
    stacks: { dev: before.outputs },
    config: { teams: { ...teams, search: third } },
  });
  const added = after.registrations.filter(({ name }) => name.startsWith("search"));
  expect(added.length).toBe(11);
  const others = after.registrations.filter((registration) => !added.includes(registration));
  const sorted = (list: typeof others) =>
    list.sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
  expect(sorted(others)).toEqual(sorted(before.registrations));
  expect(Object.keys(teamsOf(after.outputs)).sort()).toEqual(["ai-workflow", "realtime-collaboration", "search"]);
});

test("a team that comes or goes moves no other team's ports", async () => {
  const up = async (teams: object, last: Record<string, unknown>) =>
    (await runProgram({ stack: "dev", config: { teams }, stacks: { dev: last, "dev.ai-workflow": {}, "dev.aaa": {} } }))
      .outputs;
  const first = await up(seed, {});
  expect(portsOf(first)).toEqual({ "ai-workflow": [21001, 21002], "realtime-collaboration": [21011, 21012] });
  const withThird = await up({ ...seed, aaa: { ...third } }, first);
  expect(portsOf(withThird)).toEqual({ ...portsOf(first), aaa: [21021, 21022] });
  const { "ai-workflow": _, ...rest } = { ...seed, aaa: third };
  const withoutSecond = await up(rest, withThird);
  expect(portsOf(withoutSecond)).toEqual({ "realtime-collaboration": [21011, 21012], aaa: [21021, 21022] });
  const again = await up({ ...rest, zzz: { ...seed["ai-workflow"] } }, withoutSecond);
  expect(portsOf(again)).toEqual({ ...portsOf(withoutSecond), zzz: [21001, 21002] });
});

test("no team gets the load balancer's port, and too many teams are a config mistake", async () => {
  const config = { teams: seed, firstPort: 21000, loadBalancer: { port: 21005 } };
  const { outputs } = await runProgram({ stack: "dev", stacks: { dev: {} }, config });
  expect(portsOf(outputs)).toEqual({ "ai-workflow": [21011, 21012], "realtime-collaboration": [21021, 21022] });
});

test("secrets are published sealed and for their own team alone", async () => {
  const config = { secrets: { "ai-workflow": { KEY: "hush" } } };
  const { published, outputs } = await runProgram({
    stack: "dev",
    stacks: { dev: {} },
    config,
    secretKeys: ["secrets"],
  });
  expect(teamsOf(outputs)["ai-workflow"]?.secretEnv).toEqual({ KEY: "hush" });
  expect(teamsOf(outputs)["realtime-collaboration"]?.secretEnv).toEqual({});
  expect(await pulumi.isSecret(pulumi.output(published["team:ai-workflow"]))).toBe(true);
  expect(await pulumi.isSecret(pulumi.output(published["team:realtime-collaboration"]))).toBe(false);
  expect(JSON.stringify(await plain(published["team:realtime-collaboration"]))).not.toContain("hush");
});

test("secrets that are not encrypted are refused", async () => {
  const run = runProgram({
    stack: "dev",
    stacks: { dev: {} },
    config: { secrets: { "ai-workflow": { KEY: "hush" } } },
  });
  await expect(run).rejects.toThrow(
    /^Pulumi\.dev\.yaml: switchyard:secrets: found plain text \(hidden\), expected a value set with `--secret`/,
  );
});

test.each([
  ["staging", "kubernetes"],
  ["prod", "aws"],
  ["production", "aws"],
])("%s is refused in one sentence until the platform %s is there", async (stack, platform) => {
  const run = runProgram({ stack, stacks: { [stack]: {} } });
  await expect(run).rejects.toThrow(
    `asks for the platform ${platform}, which this version of Switchyard does not have yet. Set \`switchyard:platform: local\` for this environment, or wait for that platform's release. [platform-missing]`,
  );
});

test("the long names of the seed name environments too", async () => {
  const { outputs } = await runProgram({ stack: "development", stacks: { development: {} } });
  expect(outputs.environment).toBe("dev");
  await expect(runProgram({ stack: "development", stacks: { development: {}, dev: outputs } })).rejects.toThrow(
    "Environment dev is up as stack dev; development is another name for it. Use `-s dev`.",
  );
  await expect(runProgram({ stack: "moon" })).rejects.toThrow(
    "There is no environment moon; there are dev, staging, prod.",
  );
});

describe("while a team's stack is in use", () => {
  const live = release({
    live: "slot-3",
    slots: { "slot-3": version("a"), "slot-4": null },
    weights: { "slot-3": 100, "slot-4": 0 },
  });
  const staged = release({ ...live, revision: 2, slots: { "slot-3": version("a"), "slot-4": version("b") } });
  const warm = release({
    ...staged,
    live: "slot-4",
    weights: { "slot-3": 0, "slot-4": 100 },
    slots: { "slot-3": version("a", { stopAfter: "2026-01-01T00:00:00Z" }), "slot-4": version("b") },
  });
  let last: Record<string, unknown>;
  beforeAll(async () => {
    last = (await runProgram({ stack: "dev", stacks: { dev: {} }, config: { teams: seed } })).outputs;
  });
  const change = (config: Record<string, unknown>, team: Record<string, unknown>) =>
    runProgram({ stack: "dev", config: { teams: seed, ...config }, stacks: { dev: last, "dev.ai-workflow": team } });
  const withoutTeam = { teams: { "realtime-collaboration": seed["realtime-collaboration"] } };
  const otherQuota = { teams: { ...seed, "ai-workflow": { ...seed["ai-workflow"], quotas: { memoryMb: 99 } } } };

  test("the team cannot be removed; afterwards it can", async () => {
    await expect(change(withoutTeam, recordOf(live))).rejects.toThrow(
      "Environment dev: team ai-workflow cannot be removed: stack dev.ai-workflow still has resources. Run `switchyard down --team <team>` first. [team-in-use]",
    );
    expect(Object.keys(teamsOf((await change(withoutTeam, {})).outputs))).toEqual(["realtime-collaboration"]);
  });

  test("quota and load balancer change between releases, and not during one", async () => {
    const reason = "release r1 has a candidate in slot-4";
    await expect(change(otherQuota, recordOf(staged))).rejects.toThrow(
      `the quota of team ai-workflow cannot change: ${reason}`,
    );
    await expect(change({ loadBalancer: { port: 9999 } }, recordOf(staged))).rejects.toThrow(
      `the load balancer of team ai-workflow cannot change: ${reason}. Wait for the release, or abort it. [release-in-flight]`,
    );
    for (const settled of [live, warm]) {
      await expect(change(otherQuota, recordOf(settled))).resolves.toBeDefined();
      await expect(change({ loadBalancer: { port: 9999 } }, recordOf(settled))).resolves.toBeDefined();
    }
  });

  test("the namespace does not move under anything that runs", async () => {
    const message = "the namespace of team ai-workflow cannot move: stack dev.ai-workflow still has resources";
    await expect(change({ firstPort: 22000 }, recordOf(live))).rejects.toThrow(message);
    await expect(change({ runtime: "elsewhere" }, recordOf(live))).rejects.toThrow(message);
    await expect(change({ firstPort: 22000 }, {})).resolves.toBeDefined();
  });
});
