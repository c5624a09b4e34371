/** A recording and its releases as a good run of the demo would give them, without running one. */
import type { Answer, Recording, SocketEvent } from "../../demo/load";
import { firstBadAnswer, lastRequestOn, requestTotals, socketTotals } from "../../demo/measure";
import { seededRandom } from "../../demo/random";
import { type Release, type Report, timelineOf } from "../../demo/report";

export const startedAt = Date.UTC(2026, 10, 24, 12);
const teams = [
  { team: "realtime-collaboration", slots: ["slot-1", "slot-2"] as const, rate: 302 },
  { team: "ai-workflow", slots: ["slot-3", "slot-4"] as const, rate: 248 },
];
const seconds = 62;

interface Move {
  atMs: number;
  slot: 0 | 1;
  label: string;
}
const moves: Record<string, Move[]> = {
  "realtime-collaboration": [
    { atMs: 0, slot: 0, label: "v1" },
    { atMs: 7_100, slot: 1, label: "v2" },
    { atMs: 24_300, slot: 0, label: "v3-turns-bad" },
    { atMs: 26_720, slot: 1, label: "v2" },
    { atMs: 41_800, slot: 0, label: "v4" },
  ],
  "ai-workflow": [
    { atMs: 0, slot: 0, label: "v1" },
    { atMs: 7_400, slot: 1, label: "v2" },
    { atMs: 52_200, slot: 0, label: "v4" },
  ],
};
const badFromMs = 26_300;

export function goodRecording(): Recording {
  const random = seededRandom(7);
  const answers: Answer[] = [];
  for (const { team, slots, rate } of teams) {
    for (let n = 0; n < rate * seconds; n++) {
      const sentMs = (n * 1_000) / rate;
      const move = moves[team]?.findLast((one) => one.atMs <= sentMs);
      if (!move) continue;
      const slow = team === "ai-workflow" && random() < 0.3;
      const ms = slow ? 50 + 350 * random() : 1.2 + 3 * random() ** 4 + (random() < 0.02 ? 12 * random() : 0);
      const bad = move.label === "v3-turns-bad" && sentMs >= badFromMs;
      answers.push({
        team,
        slot: slots[move.slot],
        version: move.label,
        status: bad ? 500 : 200,
        failure: null,
        sentAt: startedAt + sentMs,
        endedAt: startedAt + sentMs + ms,
        latencyMs: ms,
      });
    }
  }
  answers.sort((a, b) => a.endedAt - b.endedAt);
  return { startedAt, endedAt: startedAt + seconds * 1_000, answers, sockets: goodSockets(random) };
}

export const drains = [
  { slot: "slot-1", lostTrafficAt: startedAt + 7_100, deadlineAt: startedAt + 12_100 },
  { slot: "slot-1", lostTrafficAt: startedAt + 26_720, deadlineAt: startedAt + 31_720 },
  { slot: "slot-2", lostTrafficAt: startedAt + 24_300, deadlineAt: startedAt + 29_300 },
  { slot: "slot-2", lostTrafficAt: startedAt + 41_800, deadlineAt: startedAt + 46_800 },
];

function goodSockets(random: () => number): SocketEvent[] {
  const events: SocketEvent[] = [];
  const tell = (socket: number, event: "opened" | "closed", ms: number, slot: string, version: string, own = false) =>
    events.push({
      at: startedAt + ms,
      socket,
      event,
      slot,
      version,
      code: event === "closed" ? (own ? 1000 : 1001) : null,
      own,
    });
  for (let socket = 0; socket < 200; socket++) {
    const first = 12_150 + 900 * random();
    const second = 46_850 + 900 * random();
    tell(socket, "opened", 5 * socket, "slot-1", "v1");
    tell(socket, "closed", first, "slot-1", "v1");
    tell(socket, "opened", first + 120, "slot-2", "v2");
    tell(socket, "closed", second, "slot-2", "v2");
    tell(socket, "opened", second + 130, "slot-1", "v4");
    tell(socket, "closed", seconds * 1_000 - 10, "slot-1", "v4", true);
  }
  return events.sort((a, b) => a.at - b.at);
}

const phases = (startedAtMs: number, lengths: Record<string, number>) => {
  let at = startedAtMs;
  return Object.entries(lengths).map(([name, ms]) => {
    const phase = { name, startedAtMs: at, ms };
    at += ms;
    return phase;
  });
};

function release(
  more: Partial<Release> & Pick<Release, "team" | "label" | "story" | "outcome" | "startedAtMs" | "phases">,
): Release {
  const ref = `feature/${more.team === "ai-workflow" ? "ai-workflow" : "realtime"}-${more.label}`;
  const nothing = { switchedAtMs: null, switchMs: null, badAtMs: null, rolledBackAtMs: null, rollbackMs: null };
  return {
    version: "0123456789abcdef0123456789abcdef01234567",
    ref,
    expected: more.outcome,
    ...nothing,
    userRequests: 0,
    kills: [],
    ...more,
  };
}

function goodReleases(recording: Recording): Release[] {
  const realtime = "realtime-collaboration";
  const workflow = "ai-workflow";
  const whole = { plan: 60, admit: 40, stage: 620, verify: 380, shift: 70, bake: 4_000, settle: 90 };
  const badSlot = { team: realtime, slot: "slot-1" };
  const bad = firstBadAnswer(recording.answers, badSlot, startedAt + 20_000, 1_000) ?? 0;
  const last = lastRequestOn(recording.answers, badSlot, startedAt + 20_000, startedAt + 30_000) ?? 0;
  return [
    release({
      team: realtime,
      label: "v2",
      story: "both teams release at the same time",
      outcome: "settled",
      startedAtMs: 6_000,
      phases: phases(6_000, whole),
      switchedAtMs: 7_100,
      switchMs: 34,
    }),
    release({
      team: workflow,
      label: "v2",
      story: "both teams release at the same time",
      outcome: "settled",
      startedAtMs: 6_000,
      phases: phases(6_000, { ...whole, stage: 910 }),
      switchedAtMs: 7_400,
      switchMs: 41,
    }),
    release({
      team: workflow,
      label: "v3-unhealthy",
      story: "never becomes healthy",
      outcome: "refused",
      startedAtMs: 14_000,
      phases: phases(14_000, { plan: 50, admit: 40, stage: 600, verify: 5_000 }),
    }),
    release({
      team: realtime,
      label: "v3-turns-bad",
      story: "turns bad two seconds after the switch",
      outcome: "rolled-back",
      startedAtMs: 23_200,
      phases: phases(23_200, { plan: 55, admit: 41, stage: 600, verify: 340, shift: 60, bake: 2_380, "roll-back": 61 }),
      switchedAtMs: 24_300,
      switchMs: 38,
      badAtMs: bad - startedAt,
      rolledBackAtMs: last - startedAt,
      rollbackMs: last - bad,
    }),
    release({
      team: realtime,
      label: "v4",
      story: "the driver is killed before weights were written",
      outcome: "resumed",
      startedAtMs: 36_000,
      phases: phases(36_000, { plan: 50, admit: 40, stage: 700 }).concat(
        phases(40_100, { resume: 300, verify: 600, shift: 800, bake: 4_000, settle: 80 }),
      ),
      switchedAtMs: 41_800,
      switchMs: 45,
      kills: [{ phase: "stage", entry: "written", weights: "before", atMs: 36_790 }],
    }),
    release({
      team: workflow,
      label: "v4",
      story: "the driver is killed after weights were written",
      outcome: "resumed",
      startedAtMs: 51_000,
      phases: phases(51_000, { plan: 50, admit: 40, stage: 720, verify: 330, shift: 80 }).concat(
        phases(53_500, { resume: 280, bake: 4_000, settle: 70 }),
      ),
      switchedAtMs: 52_200,
      switchMs: 39,
      kills: [{ phase: "shift", entry: "written", weights: "after", atMs: 52_230 }],
    }),
  ];
}

/** All of a report but its verdict. */
export function goodReport(recording = goodRecording()): Omit<Report, "promises" | "passed"> {
  const bad = [{ team: "realtime-collaboration", version: "v3-turns-bad" }];
  const requests = requestTotals(recording.answers, bad, () => 1_000);
  const sockets = socketTotals(recording.sockets, drains);
  return {
    startedAt: new Date(startedAt).toISOString(),
    durationMs: 78_000,
    engine: "embedded",
    seed: 7,
    load: { requestsPerSecond: 550, webSockets: 200, durationMs: recording.endedAt - recording.startedAt },
    requests: {
      ...requests,
      failures: requests.failures.map(({ at, ...failure }) => ({ ...failure, atMs: at - startedAt })),
    },
    webSockets: { ...sockets, cuts: sockets.cuts.map(({ at, ...cut }) => ({ ...cut, atMs: at - startedAt })) },
    releases: goodReleases(recording),
    timeline: timelineOf(recording, () => 1_000),
  };
}
