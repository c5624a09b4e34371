/** A recording as lines to draw: one value for each stretch of time. */
import { z } from "zod";
import type { Recording } from "../load";
import { isBad } from "../measure";

const line = z.array(z.number().nullable());

export const timelineSchema = z.strictObject({
  /** Length of the stretches of answers and WebSockets, and of latencies, whose p99 needs more of a sample. */
  binMs: z.number(),
  latencyBinMs: z.number(),
  teams: z.record(
    z.string(),
    z.strictObject({
      /** Right answers per second, by version. */
      answers: z.record(z.string(), line),
      /** Wrong or too slow answers per second, of whatever version. */
      bad: line,
      /** ms; null where there was no answer. */
      p50: line,
      p99: line,
    }),
  ),
  /** Open WebSockets at the end of each stretch, by version. */
  webSockets: z.record(z.string(), line),
});
export type Timeline = z.infer<typeof timelineSchema>;

const binMs = 250;
const latencyBinMs = 1_000;

export function timelineOf(recording: Recording, limitMs: (team: string) => number): Timeline {
  const bins = Math.max(1, Math.floor((recording.endedAt - recording.startedAt) / binMs));
  const binOf = (at: number) => Math.floor((at - recording.startedAt) / binMs);
  const zeros = () => new Array<number>(bins).fill(0);
  const perSecond = 1_000 / binMs;

  const timeline: Timeline = { binMs, latencyBinMs, teams: {}, webSockets: {} };
  const latencies: Record<string, number[][]> = {};
  for (const answer of recording.answers) {
    const bin = binOf(answer.endedAt);
    if (bin < 0 || bin >= bins) continue;
    timeline.teams[answer.team] ??= { answers: {}, bad: zeros(), p50: [], p99: [] };
    const team = timeline.teams[answer.team];
    if (!team) continue;
    const wrong = answer.failure !== null || isBad(answer, limitMs(answer.team));
    const version = answer.version ?? "none";
    if (!wrong) team.answers[version] ??= zeros();
    const counted = wrong ? team.bad : team.answers[version];
    if (counted) counted[bin] = (counted[bin] ?? 0) + perSecond;
    latencies[answer.team] ??= Array.from({ length: Math.ceil((bins * binMs) / latencyBinMs) }, () => []);
    latencies[answer.team]?.[Math.floor((bin * binMs) / latencyBinMs)]?.push(answer.latencyMs);
  }
  for (const [team, byBin] of Object.entries(latencies)) {
    const lines = timeline.teams[team];
    if (!lines) continue;
    for (const values of byBin) values.sort((a, b) => a - b);
    lines.p50 = byBin.map((values) => quantile(values, 0.5));
    lines.p99 = byBin.map((values) => quantile(values, 0.99));
  }
  timeline.webSockets = openSockets(recording, bins, binOf);
  return timeline;
}

function openSockets(recording: Recording, bins: number, binOf: (at: number) => number): Record<string, number[]> {
  const changes: Record<string, number[]> = {};
  for (const event of recording.sockets) {
    const step = event.event === "opened" ? 1 : event.event === "closed" && !event.own ? -1 : 0;
    const bin = binOf(event.at);
    if (step === 0 || event.version === null || bin < 0 || bin >= bins) continue;
    changes[event.version] ??= new Array<number>(bins).fill(0);
    const ofVersion = changes[event.version];
    if (ofVersion) ofVersion[bin] = (ofVersion[bin] ?? 0) + step;
  }
  const running = (steps: number[]) => {
    let open = 0;
    return steps.map((step) => {
      open += step;
      return open;
    });
  };
  return Object.fromEntries(Object.entries(changes).map(([version, steps]) => [version, running(steps)]));
}

/** Of sorted values, by nearest rank. */
function quantile(sorted: number[], q: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
  return value === undefined ? null : Math.round(value * 100) / 100;
}
