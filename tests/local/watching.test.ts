import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadBalancerState, ProcessSpec } from "../../local/api";
import { backOffMs } from "../../local/supervisor/back-off";
import { watchingLimiter } from "../../local/supervisor/cgroups";
import { rotateLog, tailLog } from "../../local/supervisor/logs";
import { decideStop } from "../../local/supervisor/stop-after";
import { Supervisor } from "../../local/supervisor/supervisor";
import { freePort } from "../ports";
import { until } from "../until";
import { service, textOf } from "./support";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "switchyard-local-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("where cgroups are not allowed, memory is watched and a slot over its limit is restarted with the reason", async () => {
  const supervisor = new Supervisor({ runtimeDir: directory, limiter: watchingLimiter, log: () => {} });
  await supervisor.start();
  try {
    const spec = service("eat", await freePort(), { limits: { memoryMb: 96, cpus: 0.5 } });
    const { limitsBy } = await supervisor.put("team.slot-1", spec);
    expect(limitsBy).toEqual({ memory: "watched", cpu: "not-enforced" });
    const { reason } = await until(async () =>
      [await supervisor.status("team.slot-1")].find(({ restarts }) => restarts > 0),
    );
    expect(reason).toMatch(/^over its memory limit of 96 MB: it used \d+ MB$/);
  } finally {
    await supervisor.stop(false);
  }
});

test("restarts come ever later, up to half a minute, and at once after a stable run", () => {
  expect([0, 1, 2, 3, 20].map((failures) => backOffMs(failures, 0.5))).toEqual([0, 250, 500, 1000, 30_000]);
  expect([0, 1].map((random) => Math.round(backOffMs(1, random)))).toEqual([200, 300]);
});

test("a log is rotated in place, three old ones are kept, and its writer goes on", async () => {
  const file = join(directory, "slot.log");
  for (const generation of [1, 2, 3, 4, 5]) {
    appendFileSync(file, `generation ${generation}\n`);
    await rotateLog(file, 5);
  }
  expect(["", ".1", ".2", ".3"].map((suffix) => textOf(`${file}${suffix}`))).toEqual([
    ...["", "generation 5\n", "generation 4\n", "generation 3\n"],
  ]);
  expect(statSync(`${file}.4`, { throwIfNoEntry: false })).toBeUndefined();
});

test("the tail of a log is its last lines, oldest first", async () => {
  const file = join(directory, "slot.log");
  expect(await tailLog(file, 3)).toEqual([]);
  writeFileSync(file, Array.from({ length: 50_000 }, (_, line) => `line ${line}`).join("\n"));
  expect(await tailLog(file, 2)).toEqual(["line 49998", "line 49999"]);
  expect(await tailLog(file, 0)).toEqual([]);
});

describe("a slot whose time has come is stopped", () => {
  const now = new Date("2026-01-01T00:01:00Z");
  const spec = { stopAfter: "2026-01-01T00:00:00Z", targetGroup: "group" } as ProcessSpec;
  const state = (weight: number, open: number, drainUntil: string | null) =>
    ({
      routes: { team: { targetGroups: { "slot-1": "group" }, weights: { "slot-1": weight } } },
      targetGroups: { group: { inFlight: 0, webSockets: open, drainUntil } },
    }) as unknown as LoadBalancerState;

  test.each([
    ["not while it has weight", state(1, 0, null), false],
    ["not while connections are draining", state(0, 2, "2026-01-01T00:02:00Z"), false],
    ["when nothing is open", state(0, 0, "2026-01-01T00:02:00Z"), true],
    ["when its drain is over", state(0, 2, "2026-01-01T00:00:30Z"), true],
  ])("%s", (_, given, stop) => expect(decideStop(spec, given, now).stop).toBe(stop));
});
