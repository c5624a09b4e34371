import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { loadBalancerRecord } from "../../local/paths";
import { LocalProvider } from "../../local/provider";
import { freePort } from "../ports";
import { until } from "../until";
import { answerOf, fixture, isGone, type Place, place, textOf } from "./support";

let here: Place;
const provider = new LocalProvider();
const urn = (type: string, stack = "dev") => `urn:pulumi:${stack}::switchyard::switchyard-local:index:${type}::it`;
const secret = (value: unknown) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

beforeEach(() => {
  here = place();
});
afterEach(() => here.clean());

const runtimeDir = () => here.runtime.runtimeDir;
const health = { path: "/", intervalMs: 100, timeoutMs: 1000, healthyAfter: 1, unhealthyAfter: 3 };
const loadBalancer = async () => ({
  runtimeDir: runtimeDir(),
  ...{ host: "127.0.0.1", port: await freePort(), kind: "embedded", requestTimeoutMs: 5000 },
});
const targetGroup = (slot: string, port: number) => ({
  runtimeDir: runtimeDir(),
  ...{
    name: `team-${slot}`,
    team: "team",
    slot,
    host: "127.0.0.1",
    port,
    health,
    drainMs: 500,
    requestTimeoutMs: 5000,
  },
});
const workload = (slot: string, port: number, version: string | null) => ({
  runtimeDir: runtimeDir(),
  ...{ team: "team", slot, targetGroup: `team-${slot}`, version, port, limits: {}, graceMs: 1000, stopAfter: null },
  command: version === null ? [] : ["node", fixture, "serve"],
  cwd: version === null ? null : dirname(fixture),
  env: { PORT: String(port), VERSION: version ?? "" },
  secretEnv: secret({ API_KEY: "a-secret-value" }),
});
const route = (epoch: number, revision: number, weights: Record<string, number>) => ({
  runtimeDir: runtimeDir(),
  ...{ team: "team", paths: ["/api"], targetGroups: { "slot-1": "team-slot-1", "slot-2": "team-slot-2" }, weights },
  ...{ live: "slot-1", epoch, revision, release: `r${epoch}.${revision}` },
});

/** A whole small environment; returns its inputs. */
async function environment() {
  const [balancer, one, two] = [await loadBalancer(), await freePort(), await freePort()];
  await provider.create(urn("LoadBalancer"), balancer);
  await provider.create(urn("TargetGroup"), targetGroup("slot-1", one));
  await provider.create(urn("TargetGroup"), targetGroup("slot-2", two));
  await provider.create(urn("Workload"), workload("slot-1", one, "v1"));
  await provider.create(urn("Route"), route(1, 1, { "slot-1": 100, "slot-2": 0 }));
  return { balancer, one, two };
}
const kill = async (pid: number) => {
  process.kill(pid, "SIGKILL");
  await until(() => isGone(pid));
};

test("an environment comes up, serves through the load balancer, switches, and goes down without a trace", async () => {
  const { balancer, one, two } = await environment();
  const users = `http://127.0.0.1:${balancer.port}/api`;
  await until(async () => (await (await fetch(users)).text()) === "v1");
  await provider.create(urn("Workload"), workload("slot-2", two, "v2"));
  await until(() => answerOf(two));
  await until(async () => (await here.runtime.stats("team"))?.slots["slot-2"]?.healthy);
  const next = route(1, 2, { "slot-1": 0, "slot-2": 100 });
  const { outs } = await provider.update("team", urn("Route"), route(1, 1, { "slot-1": 100, "slot-2": 0 }), next);
  expect(outs).toEqual(next);
  expect(await (await fetch(users)).text()).toBe("v2");

  const { pid } = await here.runtime.ensureSupervisor();
  await provider.delete("team", urn("Route"), next);
  for (const [slot, port] of [
    ["slot-1", one],
    ["slot-2", two],
  ] as const) {
    await provider.delete(`team.${slot}`, urn("Workload"), workload(slot, port, "v1"));
    await provider.delete(`team-${slot}`, urn("TargetGroup"), targetGroup(slot, port));
  }
  await provider.delete("load-balancer", urn("LoadBalancer"), balancer);
  await until(() => isGone(pid));
  expect([await answerOf(one), await answerOf(two), await answerOf(balancer.port)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("everything can be deleted when both daemons are dead, and nothing of it comes back later", async () => {
  const { balancer, one, two } = await environment();
  const slot = await here.runtime.process("team.slot-1");
  await kill((await here.runtime.ensureSupervisor()).pid);
  await kill((await here.runtime.loadBalancer()).pid);
  await provider.delete("team", urn("Route"), route(1, 1, { "slot-1": 100, "slot-2": 0 }));
  await Promise.all([
    provider.delete("team.slot-1", urn("Workload"), workload("slot-1", one, "v1")),
    provider.delete("team.slot-2", urn("Workload"), workload("slot-2", two, null)),
    provider.delete("team-slot-1", urn("TargetGroup"), targetGroup("slot-1", one)),
    provider.delete("team-slot-2", urn("TargetGroup"), targetGroup("slot-2", two)),
    provider.delete("team", urn("AlarmSet"), { runtimeDir: runtimeDir(), team: "team", rules: [] }),
  ]);
  await provider.delete("load-balancer", urn("LoadBalancer"), balancer);
  expect(isGone(slot?.pid ?? 0)).toBe(true);
  expect(await here.runtime.supervisor()).toBeUndefined();
  expect(JSON.parse(textOf(loadBalancerRecord(runtimeDir())))).toMatchObject({
    ...{ routes: {}, targetGroups: {}, tombstones: { team: { epoch: 1, revision: 1 } } },
  });
});

test("with dead daemons a route update fails at once and says what to run; a workload brings them back", async () => {
  const { one } = await environment();
  const before = await here.runtime.process("team.slot-1");
  await kill((await here.runtime.ensureSupervisor()).pid);
  await kill((await here.runtime.loadBalancer()).pid);
  const started = performance.now();
  const update = provider.update(
    "team",
    urn("Route", "dev.team"),
    route(1, 1, {}),
    route(1, 2, { "slot-1": 0, "slot-2": 0 }),
  );
  await expect(update).rejects.toThrow(
    /^environment-down: the load balancer of dev does not answer .*`switchyard up dev`/,
  );
  expect(performance.now() - started).toBeLessThan(1000);

  const { props } = await provider.read("team.slot-1", urn("Workload"), workload("slot-1", one, "v1"));
  expect(props.version).toBe("v1");
  expect((await here.runtime.process("team.slot-1"))?.pid).toBe(before?.pid);
  // The load balancer died too: the new supervisor starts it again, routes and all.
  await until(async () => (await here.runtime.loadBalancer().catch(() => undefined))?.routes.team);
});

test("an older epoch or revision is refused against the state, and against the load balancer by its own record", async () => {
  await environment();
  const held = route(1, 1, { "slot-1": 100, "slot-2": 0 });
  const check = async (news: object) =>
    (await provider.check(urn("Route", "dev.team"), { ...held, epoch: 2 }, news as typeof held)).failures;
  expect(await check(route(1, 9, {}))).toEqual([
    {
      property: "epoch",
      reason: "epoch 1 revision 9 is older than the state's 2.1: run `pulumi config refresh -s dev.team`",
    },
  ]);
  expect(await check({ ...held, epoch: 2, weights: { "slot-1": 0, "slot-2": 100 } })).toEqual([
    {
      property: "weights",
      reason: "epoch 2 revision 1 is the state's 2.1 with another weights: run `pulumi config refresh -s dev.team`",
    },
  ]);
  expect(await check({ ...held, epoch: 2 })).toEqual([]);
  expect(await check({ ...held, epoch: 2, revision: 2, weights: {} })).toEqual([]);

  const { runtimeDir: _, ...newer } = { ...held, epoch: 3 };
  await here.runtime.putRoute(newer);
  const late = provider.update("team", urn("Route"), held, route(2, 5, { "slot-1": 0, "slot-2": 100 }));
  await expect(late).rejects.toThrow(/^stale-epoch: /);
  const { props, inputs } = await provider.read("team", urn("Route"), held);
  expect([props.epoch, inputs.epoch, props.weights]).toEqual([3, 3, held.weights]);
});

test("bad inputs are refused by property, all at once; what a preview does not know yet is left alone", async () => {
  const bad = { ...workload("slot-1", 70_000, "v1"), cwd: "relative", version: null, colour: "red" };
  const { failures } = await provider.check(urn("Workload"), {}, bad);
  expect(failures?.map(({ property }) => property).sort()).toEqual(["colour", "cwd", "port"]);
  const empty = await provider.check(urn("Workload"), {}, { ...workload("slot-1", 21_000, null), command: ["node"] });
  expect(empty.failures).toEqual([{ property: "command", reason: "a slot without a version has no command" }]);
  const preview = { ...workload("slot-1", 21_000, "v1"), cwd: unknown, secretEnv: unknown };
  expect(await provider.check(urn("Workload"), {}, preview)).toEqual({ inputs: preview, failures: [] });
  const { changes } = await provider.diff("team.slot-1", urn("Workload"), workload("slot-1", 21_000, "v1"), preview);
  expect(changes).toBe(true);
});

test("an update goes in place, a move to another slot replaces, equal inputs change nothing", async () => {
  const olds = workload("slot-1", 21_000, "v1");
  const diff = (news: object) => provider.diff("team.slot-1", urn("Workload"), olds, news as typeof olds);
  const { stopAfter: _, ...withoutNull } = olds;
  expect(await diff(withoutNull)).toMatchObject({ changes: false, replaces: [] });
  expect(await diff({ ...olds, secretEnv: { API_KEY: "a-secret-value" } })).toMatchObject({ changes: false });
  expect(await diff({ ...olds, version: "v2" })).toMatchObject({ changes: true, replaces: [] });
  expect(await diff({ ...olds, slot: "slot-2" })).toMatchObject({ replaces: ["slot"], deleteBeforeReplace: true });
});

test("secrets reach the process and stay secret in the outputs", async () => {
  const port = await freePort();
  const inputs = { ...workload("slot-1", port, "v1"), command: ["node", fixture, "environment"] };
  const { outs } = await provider.create(urn("Workload"), inputs);
  expect(outs.secretEnv).toEqual(secret({ API_KEY: "a-secret-value" }));
  const log = (await here.runtime.process("team.slot-1"))?.logFile ?? "";
  await until(() => textOf(log).includes('"API_KEY":"a-secret-value"'));
  const { props, inputs: read } = await provider.read("team.slot-1", urn("Workload"), outs);
  expect([props.secretEnv, read.secretEnv]).toEqual([outs.secretEnv, outs.secretEnv]);
});

test("a slot is emptied, filled again, and a process that is gone shows as drift", async () => {
  const port = await freePort();
  const [full, empty] = [workload("slot-1", port, "v1"), workload("slot-1", port, null)];
  await provider.create(urn("Workload"), empty);
  await provider.update("team.slot-1", urn("Workload"), empty, full);
  expect(await until(() => answerOf(port))).toBe("v1");
  await here.runtime.removeProcess("team.slot-1", 1000);
  const { id, props, inputs } = await provider.read("team.slot-1", urn("Workload"), full);
  expect([id, props.version, inputs.command]).toEqual(["team.slot-1", null, []]);
  expect(await provider.diff("team.slot-1", urn("Workload"), props, full)).toMatchObject({ changes: true });
  await provider.update("team.slot-1", urn("Workload"), props, full);
  expect(await until(() => answerOf(port))).toBe("v1");
  await provider.update("team.slot-1", urn("Workload"), full, empty);
  expect(await answerOf(port)).toBeUndefined();
});

test("a load balancer's port that is taken is a clear error, and nothing is left running", async () => {
  const holder = createServer();
  const inputs = await loadBalancer();
  await new Promise<void>((resolve) => holder.listen(inputs.port, "127.0.0.1", resolve));
  await expect(provider.create(urn("LoadBalancer"), inputs)).rejects.toThrow(
    new RegExp(`^port-taken: supervisor: port ${inputs.port} is held by pid ${process.pid} `),
  );
  holder.close();
  expect((await here.runtime.supervisor())?.processes).toEqual([]);
});

test("paths that another team has are refused in words that a person can act on", async () => {
  const { one } = await environment();
  await provider.create(urn("TargetGroup"), { ...targetGroup("slot-1", one), name: "other-slot-1", team: "other" });
  const theirs = { ...route(1, 1, { "slot-1": 100 }), team: "other", targetGroups: { "slot-1": "other-slot-1" } };
  await expect(provider.create(urn("Route"), theirs)).rejects.toThrow(
    /^stack-operation-failed: the load balancer refused this: path \/api is routed to team team already\. Correct/,
  );
});

test("the load balancer moves to another port in place and keeps its routes", async () => {
  const { balancer } = await environment();
  const moved = { ...balancer, port: await freePort() };
  expect(await provider.diff("load-balancer", urn("LoadBalancer"), balancer, moved)).toMatchObject({ replaces: [] });
  const { outs } = await provider.update("load-balancer", urn("LoadBalancer"), balancer, moved);
  expect(outs.url).toBe(`http://127.0.0.1:${moved.port}`);
  expect((await here.runtime.loadBalancer()).routes.team?.epoch).toBe(1);
  expect((await provider.read("load-balancer", urn("LoadBalancer"), outs)).props).toEqual(outs);
});

test("data outlives its resource unless its deletion was asked for, and a directory of somebody else is never removed", async () => {
  const directory = join(here.directory, "data", "team");
  const data = { runtimeDir: runtimeDir(), directory, databaseFile: join(directory, "team.sqlite"), deleteData: false };
  const space = {
    runtimeDir: runtimeDir(),
    team: "team",
    directory: dirname(directory),
    firstPort: 21_000,
    portCount: 10,
    limits: {},
  };
  await provider.create(urn("Namespace"), space);
  const { id } = await provider.create(urn("TeamData"), data);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  await provider.delete(id, urn("TeamData"), data);
  await provider.delete("team", urn("Namespace"), space);
  expect(existsSync(data.databaseFile)).toBe(true);
  await provider.create(urn("Namespace"), space);
  await provider.delete(id, urn("TeamData"), { ...data, deleteData: true });
  await provider.delete("team", urn("Namespace"), space);
  expect(existsSync(dirname(directory))).toBe(false);

  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "precious"), "");
  await provider.create(urn("TeamData"), data);
  await provider.delete(id, urn("TeamData"), { ...data, deleteData: true });
  expect(existsSync(join(directory, "precious"))).toBe(true);
});

test("a slot past its stopAfter stays while it has weight and is stopped when it has none", async () => {
  const { one } = await environment();
  const past = { ...workload("slot-1", one, "v1"), stopAfter: new Date(Date.now() - 1000).toISOString() };
  const first = await here.runtime.process("team.slot-1");
  await provider.update("team.slot-1", urn("Workload"), workload("slot-1", one, "v1"), past);
  await until(() => Date.now() > Date.parse(past.stopAfter) + 3000);
  expect((await here.runtime.process("team.slot-1"))?.pid).toBe(first?.pid);
  await provider.update("team", urn("Route"), route(1, 1, {}), route(1, 2, { "slot-1": 0, "slot-2": 0 }));
  const stopped = await until(async () => {
    const status = await here.runtime.process("team.slot-1");
    return status?.state === "stopped" ? status : undefined;
  });
  expect(stopped.reason).toMatch(/^stopped after .*, without traffic$/);
  // It is what was asked for, so a refresh sees no drift.
  const { props } = await provider.read("team.slot-1", urn("Workload"), past);
  expect(props.version).toBe("v1");
});
