import * as pulumi from "@pulumi/pulumi";
import { isNewer } from "../../config/settings";
import { type Registration, recordOf, release, runProgram, settingsOf, version } from "./support";

const environment = {
  "team:ai-workflow": settingsOf("ai-workflow"),
  "team:search": settingsOf("realtime-collaboration"),
};
const up = (
  wanted: object | undefined,
  held: Record<string, unknown> = {},
  published: Record<string, unknown> = environment,
) =>
  runProgram({
    stack: "dev.ai-workflow",
    config: wanted === undefined ? {} : { release: wanted },
    stacks: { dev: published, "dev.ai-workflow": held },
  });
const find = (registrations: Registration[], type: string, name: string) =>
  registrations.find(
    (registration) => registration.type === `switchyard-local:index:${type}` && registration.name === name,
  );

const v1 = version("a");
const v2 = version("b");
const live = release({
  live: "slot-3",
  slots: { "slot-3": v1, "slot-4": null },
  weights: { "slot-3": 100, "slot-4": 0 },
});

test("a team stack registers these resources and no others; with Pulumi's own three it is 10 of at most 15", async () => {
  const { registrations } = await up(undefined);
  expect(registrations.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
    "switchyard-local:index:Route ai-workflow",
    "switchyard-local:index:Workload ai-workflow-slot-3",
    "switchyard-local:index:Workload ai-workflow-slot-4",
    "switchyard:index:DeploymentSlot ai-workflow-slot-3",
    "switchyard:index:DeploymentSlot ai-workflow-slot-4",
    "switchyard:index:TeamRelease ai-workflow",
    "switchyard:index:TrafficRoute ai-workflow",
  ]);
});

test("with no release yet there are two empty slots, no weight and epoch 0", async () => {
  const { outputs, registrations } = await up(undefined);
  expect(outputs).toEqual({
    team: "ai-workflow",
    live: null,
    weights: { "slot-3": 0, "slot-4": 0 },
    epoch: 0,
    revision: 0,
    release: "",
    slots: { "slot-3": null, "slot-4": null },
  });
  expect(find(registrations, "Workload", "ai-workflow-slot-3")?.inputs).toMatchObject({
    version: null,
    command: [],
    cwd: null,
    env: {},
  });
});

test("a version gets what it is told to get, and the team's variables cannot take its port away", async () => {
  const settings = settingsOf("ai-workflow", { secretEnv: { KEY: "hush" } });
  settings.config.env = { LOG_LEVEL: "debug", PORT: "1" };
  const { registrations, outputs } = await up(live, {}, { "team:ai-workflow": settings });
  const workload = find(registrations, "Workload", "ai-workflow-slot-3")?.inputs;
  expect(workload).toMatchObject({
    team: "ai-workflow",
    slot: "slot-3",
    targetGroup: "ai-workflow-slot-3",
    version: v1.version,
    command: ["node", "server.js"],
    cwd: "/artifacts/a",
    port: 21001,
    limits: { memoryMb: 512, cpus: 1 },
    env: {
      LOG_LEVEL: "debug",
      PORT: "21001",
      HOST: "127.0.0.1",
      SLOT: "slot-3",
      TEAM: "ai-workflow",
      VERSION: v1.version,
      DATA_DIR: "/project/data",
      DATABASE_FILE: "/project/data/team.sqlite",
    },
  });
  expect(JSON.stringify(outputs)).not.toContain("hush");
});

test("the outputs are enough to write the release config again", async () => {
  const { outputs } = await up(live);
  const { release: id, team, ...rest } = outputs;
  expect({ id, ...rest }).toEqual(live);
  expect(team).toBe("ai-workflow");
});

test("the route knows addresses and weights, and nothing of the slots' versions", async () => {
  const { registrations } = await up(live);
  expect(find(registrations, "Route", "ai-workflow")?.inputs).toEqual({
    runtimeDir: "/project/run",
    team: "ai-workflow",
    paths: ["/api/ai", "/api/workflow", "/api/agents"],
    targetGroups: { "slot-3": "ai-workflow-slot-3", "slot-4": "ai-workflow-slot-4" },
    weights: { "slot-3": 100, "slot-4": 0 },
    live: "slot-3",
    epoch: 1,
    revision: 1,
    release: "r1",
  });
});

test("new settings do not restart a running version; they come with the next one", async () => {
  const staged = release({ ...live, revision: 2, slots: { "slot-3": v1, "slot-4": v2 } });
  const kept = async (wanted: object, held: Record<string, unknown>) => {
    const { registrations } = await up(wanted, held);
    return ["slot-3", "slot-4"].filter((slot) =>
      find(registrations, "Workload", `ai-workflow-${slot}`)?.ignoreChanges.includes("env"),
    );
  };
  expect(await kept(live, {})).toEqual([]);
  expect(await kept(staged, recordOf(live))).toEqual(["slot-3"]);
  const warm = { ...v1, stopAfter: "2026-01-01T00:00:00Z" };
  const settled = release({
    ...{ revision: 3, live: "slot-4" },
    ...{ slots: { "slot-3": warm, "slot-4": v2 }, weights: { "slot-3": 0, "slot-4": 100 } },
  });
  expect(await kept(settled, recordOf(staged))).toEqual(["slot-3", "slot-4"]);
  const again = release({ ...settled, revision: 4, slots: { "slot-3": v1, "slot-4": v2 } });
  expect(await kept(again, recordOf(settled))).toEqual(["slot-4"]);
  const back = release({ ...again, live: "slot-3", weights: { "slot-3": 100, "slot-4": 0 } });
  expect(await kept(back, recordOf(settled))).toEqual(["slot-3", "slot-4"]);
});

test("config that is behind the state, or that differs from it at the same revision, is refused", async () => {
  const held = recordOf(release({ ...live, epoch: 2, revision: 5 }));
  const refusal =
    "Run `pulumi config refresh -s dev.ai-workflow`, which brings the config of the last operation back. [stale-config]";
  await expect(up(undefined, held)).rejects.toThrow(
    `The release config of dev.ai-workflow (epoch 0, revision 0) is behind its state (epoch 2, revision 5). ${refusal}`,
  );
  const other = release({ ...live, epoch: 2, revision: 5, weights: { "slot-3": 0, "slot-4": 0 } });
  await expect(up(other, held)).rejects.toThrow("has other content than its state, at the same epoch 2, revision 5.");
  await expect(up(release({ ...live, epoch: 2, revision: 5 }), held)).resolves.toBeDefined();
  await expect(up(release({ ...live, epoch: 3, revision: 0 }), held)).resolves.toBeDefined();
  expect(isNewer({ epoch: 3, revision: 0 }, { epoch: 2, revision: 5 })).toBe(true);
});

test("a team of an environment that is not up, or that has no such team, is told what to do", async () => {
  const down = "Environment dev has not been brought up, so team ai-workflow has nothing to stand on.";
  await expect(runProgram({ stack: "dev.ai-workflow", stacks: { "dev.ai-workflow": {} } })).rejects.toThrow(down);
  await expect(up(undefined, {}, {})).rejects.toThrow(down);
  await expect(up(undefined, {}, { "team:search": settingsOf("ai-workflow") })).rejects.toThrow(
    "Environment dev has no team ai-workflow; it has search.",
  );
});

test("a team stack takes no settings of its own", async () => {
  const run = runProgram({
    stack: "dev.ai-workflow",
    config: { platform: "aws" },
    stacks: { dev: environment, "dev.ai-workflow": {} },
  });
  await expect(run).rejects.toThrow(
    "Pulumi.dev.ai-workflow.yaml: switchyard:*: found the unknown key `platform`, expected only release",
  );
});

test("what a person can repair is one sentence without a stack trace", async () => {
  await expect(up(undefined, {}, {})).rejects.toBeInstanceOf(pulumi.RunError);
});
