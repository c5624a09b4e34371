import { dirname } from "node:path";
import type { TeamSettings } from "../../config/settings";
import { livePlatform } from "../../local/client";
import { LocalProvider } from "../../local/provider";
import { freePort } from "../ports";
import { until } from "../until";
import { answerOf, fixture, type Place, place, service } from "./support";

let here: Place;
let settings: TeamSettings;
beforeEach(async () => {
  here = place();
  const port = await freePort();
  const { runtimeDir } = here.runtime;
  settings = {
    ...{ version: 1, environment: "dev", team: "team", platform: "local", secretEnv: {} },
    slots: [{ name: "slot-1", targetGroup: "team-slot-1", host: "127.0.0.1", port: await freePort() }],
    entry: { host: "127.0.0.1", port, paths: ["/api"] },
    config: {} as TeamSettings["config"],
    local: { runtimeDir, dataDir: here.directory, databaseFile: "" },
  };
  const inputs = { runtimeDir, host: "127.0.0.1", port, kind: "embedded", requestTimeoutMs: 5000 };
  await new LocalProvider().create("urn:pulumi:dev::p::switchyard-local:index:LoadBalancer::lb", inputs);
  await here.runtime.putTargetGroup("team-slot-1", {
    ...{ team: "team", slot: "slot-1", host: "127.0.0.1", port: slotPort(), drainMs: 500, requestTimeoutMs: 5000 },
    health: { path: "/", intervalMs: 50, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 },
  });
});
afterEach(() => here.clean());
const slotPort = () => settings.slots[0]?.port ?? 0;
const state = { live: "slot-1", weights: { "slot-1": 100 }, epoch: 1, revision: 1, release: "r1" };

test("a slot's condition is told in words: empty, starting, running, failing, stopped", async () => {
  const live = livePlatform(settings);
  expect(await live.slot("slot-1")).toEqual({ state: "empty", version: null, detail: "the slot is empty" });
  const never = service("stubborn", slotPort(), { version: "c0ffee", graceMs: 100 });
  await here.runtime.putProcess("team.slot-1", { ...never, command: ["sleep", "100"] });
  expect(await live.slot("slot-1")).toMatchObject({ state: "starting", version: "c0ffee" });
  await here.runtime.putProcess("team.slot-1", service("serve", slotPort(), { version: "v1" }));
  const running = await until(async () =>
    [await live.slot("slot-1")].find((condition) => condition.state === "running"),
  );
  expect(running).toMatchObject({
    version: "v1",
    detail: expect.stringMatching(/^pid \d+, running since .*, healthy$/),
  });
  await here.runtime.putProcess("team.slot-1", service("crash", slotPort(), { version: "bad" }));
  const failing = await until(async () =>
    [await live.slot("slot-1")].find((condition) => condition.state === "failing"),
  );
  expect(failing).toMatchObject({
    version: "bad",
    detail: expect.stringMatching(/exited with code 3.*last words: the last words$/),
  });
  expect(await live.logs("slot-1", 1)).toEqual(["the last words"]);
});

test("the route is written and read past the stack, an older one is refused, and traffic is counted by slot", async () => {
  const live = livePlatform(settings);
  expect(await live.route()).toBeNull();
  await here.runtime.putProcess("team.slot-1", {
    ...service("serve", slotPort()),
    ...{ command: ["node", fixture, "serve"], cwd: dirname(fixture) },
  });
  await until(() => answerOf(slotPort()));
  await live.setRoute(state);
  expect(await live.route()).toEqual(state);
  await expect(live.setRoute({ ...state, epoch: 0 })).rejects.toMatchObject({
    code: "stale-epoch",
    facts: { held: { epoch: 1, revision: 1 } },
  });
  await until(async () => (await fetch(`${live.entryUrl()}/api`)).headers.get(live.slotHeader) === "slot-1");
  const slot = await until(async () =>
    [(await live.traffic()).slots["slot-1"]].find((found) => found?.requests && found.healthy),
  );
  expect(slot).toMatchObject({ healthy: true, serverErrors: 0 });
  expect(slot?.latencyBoundsMs.at(-1)).toBe(Number.POSITIVE_INFINITY);
});

test("rules that a bake cannot judge are left to those who can", async () => {
  const rule = { name: "errors", threshold: 0.05, windowMs: 500, minimumRequests: 10 };
  await here.runtime.putAlarms("team", [
    { ...rule, metric: "error-rate" },
    { ...rule, name: "p50", metric: "latency-p50-ms" },
  ]);
  expect(await livePlatform(settings).rules()).toEqual([{ ...rule, metric: "error-rate" }]);
});
