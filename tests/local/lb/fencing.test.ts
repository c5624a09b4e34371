import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import type { RouteSpec } from "../../../local/api";
import { freePort } from "../../ports";
import { LoadBalancer, route, runToExit, startService, stopAll, temporaryDirectory, until } from "./harness";

let lb: LoadBalancer;

beforeAll(async () => {
  lb = await new LoadBalancer().start();
  for (const slot of ["slot-1", "slot-2"]) await lb.targetGroup(slot, (await startService(slot)).port);
});
afterAll(stopAll);

const put = (weights: Record<string, number>, epoch: number, revision: number, more: Partial<RouteSpec> = {}) =>
  lb.call("PUT", "/routes/ai", route(weights, { epoch, revision }, more));
const toFirst = { "slot-1": 100, "slot-2": 0 };
const toSecond = { "slot-1": 0, "slot-2": 100 };
const held = async () => (await lb.state()).routes.ai;

test("a driver that lost its lease cannot move traffic", async () => {
  await put(toFirst, 5, 3);
  await expect(put(toSecond, 4, 9)).rejects.toMatchObject({
    status: 409,
    code: "stale-epoch",
    facts: { held: { epoch: 5, revision: 3 } },
  });
  await expect(put(toSecond, 5, 2)).rejects.toMatchObject({ status: 409, code: "stale-epoch" });
  expect(await held()).toMatchObject({ weights: toFirst, epoch: 5, revision: 3 });
});

test("the same write twice is one write; another one at the same position is refused", async () => {
  await put(toFirst, 6, 1);
  await expect(put(toFirst, 6, 1)).resolves.toMatchObject({ epoch: 6, revision: 1 });
  await expect(put(toSecond, 6, 1)).rejects.toMatchObject({ status: 409, code: "stale-epoch" });
});

test("of many writers at the same moment exactly the newest wins", async () => {
  const writes = Array.from({ length: 40 }, (_, i) => put(i % 2 === 0 ? toFirst : toSecond, 7, (i * 17) % 40));
  await Promise.allSettled(writes);
  expect(await held()).toMatchObject({ epoch: 7, revision: 39 });
});

test("a deleted route does not let an old driver back in, and a new stack may begin with weights 0", async () => {
  await put(toFirst, 8, 4);
  await lb.call("DELETE", "/routes/ai");
  await expect(put(toSecond, 8, 4)).rejects.toMatchObject({
    code: "stale-epoch",
    facts: { held: { epoch: 8, revision: 4 } },
  });
  await put({ "slot-1": 0, "slot-2": 0 }, 0, 0);
  await expect(put(toSecond, 1, 1)).rejects.toMatchObject({ code: "stale-epoch" });
  await put(toSecond, 9, 0);
  expect(await held()).toMatchObject({ weights: toSecond, epoch: 9 });
  expect((await lb.state()).tombstones).toEqual({});
});

test("a target group that has traffic cannot be taken away", async () => {
  await put(toFirst, 10, 0);
  await expect(lb.call("DELETE", "/target-groups/ai-slot-1")).rejects.toMatchObject({ status: 409 });
});

test("a team cannot take another team's path or target group", async () => {
  const theirs = { team: "realtime", epoch: 1, revision: 0 };
  await expect(lb.call("PUT", "/routes/realtime", { ...route({}, theirs), ...theirs })).rejects.toMatchObject({
    status: 409,
    message: "path /api/ai is routed to team ai already",
  });
  await expect(
    lb.call("PUT", "/routes/realtime", { ...route(toFirst, theirs, { paths: ["/r"] }), ...theirs }),
  ).rejects.toMatchObject({
    status: 422,
  });
});

test("what is not a route is refused with all its mistakes", async () => {
  const wrong = { ...route({ "slot-1": 101 }, { epoch: -1, revision: 0 }), extra: 1 };
  await expect(lb.call("PUT", "/routes/ai", wrong)).rejects.toMatchObject({
    status: 422,
    message: expect.stringMatching(/weights\.slot-1.*epoch.*extra/s),
  });
});

test("killed and started again, it comes back with the same weights and refuses the same drivers", async () => {
  await put(toSecond, 11, 2);
  await lb.stop("SIGKILL");
  await lb.start();
  const answer = await fetch(lb.url("/api/ai/x"));
  expect(answer.headers.get("x-switchyard-slot")).toBe("slot-2");
  await expect(put(toFirst, 11, 1)).rejects.toMatchObject({ code: "stale-epoch" });
});

test("traffic can be moved while the disk refuses to write, and is written down when it works again", async () => {
  mkdirSync(`${lb.record}.new`);
  await put(toFirst, 12, 0);
  expect((await fetch(lb.url("/api/ai/x"))).headers.get("x-switchyard-slot")).toBe("slot-1");
  const { record } = await lb.state();
  expect(record).toEqual({ saved: false, reason: expect.stringContaining(`${lb.record} cannot be written: EISDIR`) });
  rmdirSync(`${lb.record}.new`);
  await until("it is written", async () => (await lb.state()).record.saved);
  expect(JSON.parse(readFileSync(lb.record, "utf8")).routes.ai).toMatchObject({ weights: toFirst, epoch: 12 });
});

test("only its own user can tell it anything", () => {
  expect(statSync(lb.socket).mode & 0o777).toBe(0o600);
  expect(statSync(lb.record).mode & 0o777).toBe(0o600);
});

test("a second load balancer on the same runtime directory is refused", async () => {
  const { code, stderr } = await runToExit(lb.runtimeDir, 0);
  expect(code).toBe(6);
  expect(stderr).toMatch(/a load balancer \(pid \d+\) already runs in/);
});

test("a port that is taken ends it with a sentence that names the port", async () => {
  const { code, stderr } = await runToExit(temporaryDirectory(), lb.port);
  expect(code).toBe(7);
  expect(stderr).toContain(`port ${lb.port} on 127.0.0.1 is used by another process`);
});

test.each([
  ["cut off", '{"version": 1, "targetG'],
  ["of another form", '{"version": 1, "routes": []}'],
])("a record that is %s stops it with a sentence, and is not overwritten", async (_what, text) => {
  const runtimeDir = temporaryDirectory();
  writeFileSync(`${runtimeDir}/lb.json`, text);
  const { code, stderr } = await runToExit(runtimeDir, await freePort());
  expect(code).toBe(7);
  expect(stderr).toContain(`${runtimeDir}/lb.json is damaged`);
  expect(readFileSync(`${runtimeDir}/lb.json`, "utf8")).toBe(text);
});
