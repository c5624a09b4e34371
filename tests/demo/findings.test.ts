import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { JournalEntry, ReleaseReport } from "../../automation";
import { drainsOf, releaseOf } from "../../demo/findings";
import type { Answer, Recording } from "../../demo/load";
import { endProcessesOf, processesOf } from "../../demo/processes";
import type { Run } from "../../demo/run";

const start = Date.UTC(2026, 10, 24, 12);
const team = "ai-workflow";
const limitMs = 1_000;
const iso = (ms: number) => new Date(start + ms).toISOString();

/** An answer each 10 ms, 4 ms after its request, by the slot that `slotAt` names. */
function recording(slotAt: (ms: number) => [slot: string, version: string, status?: number]): Recording {
  const answers = Array.from({ length: 600 }, (_, i): Answer => {
    const [slot, version, status = 200] = slotAt(i * 10);
    const sentAt = start + i * 10;
    return { team, slot, version, status, failure: null, sentAt, endedAt: sentAt + 4, latencyMs: 4 };
  });
  return { startedAt: start, endedAt: start + 6_000, answers, sockets: [] };
}

const intent = (ms: number, weights: Record<string, number>): JournalEntry => ({
  release: "r",
  seq: ms,
  at: iso(ms),
  kind: "write",
  data: { config: { weights } },
});
const toNew = { "slot-3": 0, "slot-4": 100 };
const toOld = { "slot-3": 100, "slot-4": 0 };

function run(more: Omit<Partial<Run>, "report"> & { report?: Partial<ReleaseReport> }): Run {
  return {
    team,
    ref: "feature/ai-workflow-v2",
    label: "v2",
    story: "",
    expected: "settled",
    startedAt: start + 1_000,
    endedAt: start + 5_000,
    journal: [],
    kills: [],
    ...more,
    report: {
      id: "r",
      environment: "dev",
      team,
      version: "0123456789abcdef0123456789abcdef01234567",
      ref: "feature/ai-workflow-v2",
      from: "slot-3",
      to: "slot-4",
      outcome: "settled",
      reason: "",
      phases: [],
      gates: [],
      switches: [],
      ...more.report,
    },
  };
}

const switchedAt2000 = recording((ms) => (ms < 2_000 ? ["slot-3", "v1"] : ["slot-4", "v2"]));

describe("what users saw of a release", () => {
  test("the switch lasts from the start of its operation to the last request on the old slot", () => {
    const switches = [{ startedAt: iso(1_950), doneAt: iso(2_010), weights: toNew, direct: false }];
    const release = releaseOf(run({ report: { switches } }), switchedAt2000, limitMs);
    expect(release).toMatchObject({ switchMs: 40, switchedAtMs: 1_990, userRequests: 400, rollbackMs: null });
  });

  test("after a kill, the operation counts that moved the traffic: not one that never began, nor a later one", () => {
    const switches = [{ startedAt: iso(3_000), doneAt: iso(3_010), weights: toNew, direct: false }];
    const journal = [intent(1_200, toNew), intent(1_960, toNew), intent(2_990, toNew)];
    const release = releaseOf(run({ journal, report: { switches } }), switchedAt2000, limitMs);
    expect(release.switchMs).toBe(30);
  });

  test("the phase that a driver died in is shown until its death", () => {
    const kills = [
      {
        boundary: { phase: "shift", kind: "written" } as const,
        weights: "after" as const,
        phaseAt: start + 1_900,
        at: start + 2_050,
      },
    ];
    const phases = [{ name: "bake" as const, startedAt: iso(3_000), ms: 500 }];
    const release = releaseOf(run({ kills, report: { phases } }), switchedAt2000, limitMs);
    expect(release.phases).toEqual([
      { name: "shift", startedAtMs: 1_900, ms: 150 },
      { name: "bake", startedAtMs: 3_000, ms: 500 },
    ]);
    expect(release.kills).toEqual([{ phase: "shift", entry: "written", weights: "after", atMs: 2_050 }]);
  });

  test("the rollback lasts from the first bad answer to the last request on the bad slot, and both slots drain", () => {
    const seen = recording((ms) => {
      if (ms < 2_000 || ms >= 3_300) return ["slot-3", "v1"];
      return ["slot-4", "v2", ms < 3_000 ? 200 : 500];
    });
    const journal = [intent(1_950, toNew), intent(3_250, toOld)];
    const bad = run({ journal, report: { outcome: "rolled-back" } });
    expect(releaseOf(bad, seen, limitMs)).toMatchObject({ badAtMs: 3_004, rolledBackAtMs: 3_290, rollbackMs: 286 });
    expect(drainsOf(bad, seen, limitMs, 3_000)).toEqual([
      { slot: "slot-3", lostTrafficAt: start + 1_990, deadlineAt: start + 4_990 },
      { slot: "slot-4", lostTrafficAt: start + 3_290, deadlineAt: start + 6_290 },
    ]);
  });

  test("a version that no user met has no switch", () => {
    const refused = run({ report: { outcome: "refused" } });
    const seen = recording(() => ["slot-3", "v1"]);
    expect(releaseOf(refused, seen, limitMs)).toMatchObject({ switchMs: null, switchedAtMs: null, userRequests: 0 });
    expect(drainsOf(refused, seen, limitMs, 3_000)).toEqual([]);
  });
});

test("a process left in the demo's folder is found, and ended", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "switchyard-left-"));
  const named = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", folder], { stdio: "ignore" });
  const ended = once(named, "exit");
  await once(named, "spawn");
  expect(processesOf(folder).map((found) => Number.parseInt(found, 10))).toContain(named.pid);
  endProcessesOf(folder);
  await ended;
  expect(processesOf(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});
