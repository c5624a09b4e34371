/** The picture's panels. Each draws into the rectangle it is given and shares the time axis with the others. */
import type { Release, Report } from "./schema";
import { area, element, line, type Point, polyline, short, text } from "./svg";
import { type Colour, colour } from "./theme";
import type { Timeline } from "./timeline";

export const frame = { width: 1200, left: 74, right: 16 };

export interface Place {
  /** From milliseconds since the load began to pixels. */
  x: (ms: number) => number;
  y: number;
  height: number;
}

type TeamLines = NonNullable<Timeline["teams"][string]>;

const right = frame.width - frame.right;

function grid(place: Place, values: { at: number; label: string }[], title: string): string {
  const lines = values.map(({ at, label }) => {
    const rule = line(frame.left, at, right, at, { stroke: colour("grid") });
    return rule + text(frame.left - 8, at + 3.5, label, { class: "tick", "text-anchor": "end" });
  });
  const name = text(0, 0, title, {
    class: "small",
    transform: `translate(13 ${short(place.y + place.height / 2)}) rotate(-90)`,
    "text-anchor": "middle",
  });
  return lines.join("") + name;
}

const phaseColours: Record<string, Colour> = {
  shift: "shift",
  bake: "bake",
  stage: "work",
  verify: "work",
  "roll-back": "bad",
};

/** A bar for each release, made of its phases; what became of it stands above, driver kills are crosses below. */
export function releaseLane(releases: Release[], { x, y }: Place): string {
  const barY = y + 18;
  const barHeight = 12;
  return releases
    .map((release) => {
      const from = x(release.startedAtMs);
      const to = Math.max(...release.phases.map((phase) => x(phase.startedAtMs + phase.ms)), from + 2);
      const bars = release.phases.map((phase) => {
        const start = x(phase.startedAtMs);
        const width = Math.max(1, x(phase.startedAtMs + phase.ms) - start);
        const fill = colour(phaseColours[phase.name] ?? "quiet");
        return element(
          "rect",
          { x: start, y: barY, width, height: barHeight, fill },
          `<title>${phase.name}: ${Math.round(phase.ms)} ms</title>`,
        );
      });
      const wentWrong = release.outcome !== "settled" && release.outcome !== "resumed";
      const said = text(from, barY - 6, `${release.label} ${release.outcome}`, {
        class: "strong",
        ...(wentWrong ? { style: `fill:${colour("bad")}` } : {}),
      });
      const outline = element("rect", {
        x: from,
        y: barY,
        width: to - from,
        height: barHeight,
        rx: 2,
        fill: "none",
        stroke: colour("work"),
        "stroke-width": 0.75,
      });
      const kills = release.kills.map((kill) => {
        const at = x(kill.atMs);
        const cross = element("path", {
          d: `M${short(at - 4)} ${barY + 2}l8 8m0 -8l-8 8`,
          stroke: colour("bad"),
          "stroke-width": 2.2,
          fill: "none",
        });
        return (
          cross +
          text(at + 7, barY + barHeight + 12, "driver killed", {
            class: "small",
            style: `fill:${colour("bad")}`,
            "text-anchor": "middle",
          })
        );
      });
      return said + bars.join("") + outline + kills.join("");
    })
    .join("");
}

const labelWidth = 130;

/** Where users' requests moved from one slot to another, through all of a team's panels. */
function switches(releases: Release[], { x, y, height }: Place): string {
  const marks = releases.flatMap((release) => [
    ...(release.switchedAtMs === null
      ? []
      : [{ at: release.switchedAtMs, stroke: colour("shift"), said: `→ ${release.label}` }]),
    ...(release.rolledBackAtMs === null
      ? []
      : [
          {
            at: release.rolledBackAtMs,
            stroke: colour("bad"),
            said: `back in ${Math.round(release.rollbackMs ?? 0)} ms`,
          },
        ]),
  ]);
  let lastAt = Number.NEGATIVE_INFINITY;
  let row = 0;
  return marks
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, stroke, said }) => {
      // Two marks close together are named on two lines.
      row = x(at) - lastAt < labelWidth ? 1 - row : 0;
      lastAt = x(at);
      const rule = line(x(at), y, x(at), y + height, { stroke, "stroke-width": 1.2, "stroke-dasharray": "3 3" });
      return rule + text(x(at) + 4, y + 10 + 14 * row, said, { class: "strong", style: `fill:${stroke}` });
    })
    .join("");
}

/** Room above the areas for the marks' names. */
const headroom = 1.4;

interface Layer {
  name: string;
  values: readonly (number | null)[];
  fill: string;
}

/** Layers on top of each other, the first at the bottom, each named where it is widest. */
function stack(layers: Layer[], binMs: number, top: number, { x, y, height }: Place): string {
  const floor = y + height;
  const count = layers[0]?.values.length ?? 0;
  const below = new Array<number>(count).fill(0);
  return layers
    .map(({ name, values, fill }) => {
      const at = (i: number, value: number): Point => [
        x((i + 0.5) * binMs),
        floor - (Math.min(value, top) / top) * height,
      ];
      const lower = below.map((value, i) => at(i, value));
      values.forEach((value, i) => {
        below[i] = (below[i] ?? 0) + (value ?? 0);
      });
      const upper = below.map((value, i) => at(i, value));
      return area(upper, lower, { fill, "fill-opacity": 0.85 }) + nameOf(name, values, lower, upper);
    })
    .join("");
}

/** The name of a layer in the middle of its longest stretch, if there is room for it. */
function nameOf(name: string, values: readonly (number | null)[], lower: Point[], upper: Point[]): string {
  let best: [number, number] = [0, 0];
  let from = 0;
  for (let i = 0; i <= values.length; i++) {
    const tall = (lower[i]?.[1] ?? 0) - (upper[i]?.[1] ?? 0) > 16;
    if (!tall) from = i + 1;
    else if (i - from > best[1] - best[0]) best = [from, i];
  }
  const [start, end] = best;
  const middle = Math.floor((start + end) / 2);
  const width = (upper[end]?.[0] ?? 0) - (upper[start]?.[0] ?? 0);
  const bottom = lower[middle];
  const ceiling = upper[middle];
  if (!bottom || !ceiling || width < name.length * 7 + 8) return "";
  return text(bottom[0], (bottom[1] + ceiling[1]) / 2 + 4, name, {
    class: "strong",
    "text-anchor": "middle",
    style: "fill:#fff",
  });
}

export function answersPanel(
  lines: TeamLines,
  report: Report,
  releases: Release[],
  colours: Record<string, Colour>,
  place: Place,
): string {
  const layers: Layer[] = Object.entries(lines.answers).map(([version, values]) => ({
    name: version,
    values,
    fill: colour(colours[version] ?? "quiet"),
  }));
  layers.push({ name: "bad", values: lines.bad, fill: colour("bad") });
  const most = Math.max(1, ...sums(layers));
  const top = most * headroom;
  return [
    grid(place, ticks(most, top, place), "answers/s"),
    stack(layers, report.timeline.binMs, top, place),
    switches(releases, place),
  ].join("");
}

/** Latency on a logarithmic scale, 1 ms to 10 s. */
export function latencyPanel(lines: TeamLines, report: Report, place: Place): string {
  const { x, y, height } = place;
  const at = (ms: number) => y + height * (1 - Math.min(1, Math.log10(Math.max(1, ms)) / 3.5));
  const ticks = [1, 10, 100, 1_000].map((ms) => ({ at: at(ms), label: ms === 1_000 ? "1 s" : `${ms} ms` }));
  const points = (values: readonly (number | null)[]) =>
    values.map((ms, i): Point | null => (ms === null ? null : [x((i + 0.5) * report.timeline.latencyBinMs), at(ms)]));
  const name = (values: readonly (number | null)[], said: string, below: number) => {
    const last = values.findLast((ms) => ms !== null) ?? 1;
    return text(right, at(last) + below, said, { class: "small", "text-anchor": "end" });
  };
  return [
    grid(place, ticks, "latency"),
    polyline(points(lines.p99), { stroke: colour("muted"), "stroke-width": 1.2 }),
    polyline(points(lines.p50), { stroke: colour("ink"), "stroke-width": 1.6 }),
    name(lines.p99, "p99", -5),
    name(lines.p50, "median", 13),
  ].join("");
}

export function socketsPanel(report: Report, colours: Record<string, Colour>, place: Place): string {
  const layers = Object.entries(report.timeline.webSockets).map(([version, values]) => ({
    name: version,
    values,
    fill: colour(colours[version] ?? "quiet"),
  }));
  const most = Math.max(1, ...sums(layers));
  return grid(place, ticks(most, most, place), "open") + stack(layers, report.timeline.binMs, most, place);
}

function sums(layers: Layer[]): number[] {
  const length = layers[0]?.values.length ?? 0;
  return Array.from({ length }, (_, i) => layers.reduce((sum, layer) => sum + (layer.values[i] ?? 0), 0));
}

/** Two or three round values between nothing and `most`. */
function ticks(most: number, top: number, { y, height }: Place): { at: number; label: string }[] {
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [0.2, 0.5, 1, 2, 5].map((one) => one * power).find((one) => most / one < 4) ?? most;
  const values = Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
  return values.map((value) => ({ at: y + height * (1 - value / top), label: String(Math.round(value)) }));
}
