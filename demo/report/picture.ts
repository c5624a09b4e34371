/**
 * The demo as one picture: for each team what its releases did and what users saw of it, on one time axis. It stands
 * alone (`docs/demo.svg`) and inside the page.
 */
import { answersPanel, frame, latencyPanel, releaseLane, socketsPanel } from "./panels";
import type { Report } from "./schema";
import { element, line, text } from "./svg";
import { colour, themeCss, versionColours } from "./theme";

const heights = { title: 30, lane: 50, answers: 156, latency: 74, gap: 12, teamGap: 30, sockets: 84, axis: 34 };

const css = `
.picture text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",sans-serif;fill:var(--ink)}
.picture .title{font-size:15px;font-weight:600}
.picture .small{font-size:11px;fill:var(--muted)}
.picture .tick{font-size:10.5px;fill:var(--muted);font-variant-numeric:tabular-nums}
.picture .strong{font-size:11px;font-weight:600}
`;

export function renderPicture(report: Report): string {
  const seconds = report.load.durationMs / 1_000;
  const x = (ms: number) => frame.left + (ms / report.load.durationMs) * (frame.width - frame.left - frame.right);
  const colours = versionColours(labelsOf(report), suspectsOf(report));
  const parts: string[] = [];
  let y = 0;
  for (const [team, lines] of Object.entries(report.timeline.teams).sort(([a], [b]) => b.localeCompare(a))) {
    const releases = report.releases.filter((release) => release.team === team);
    parts.push(text(frame.left, y + 18, team, { class: "title" }));
    y += heights.title;
    parts.push(releaseLane(releases, { x, y, height: heights.lane }));
    y += heights.lane;
    parts.push(answersPanel(lines, report, releases, colours, { x, y, height: heights.answers }));
    y += heights.answers + heights.gap;
    parts.push(latencyPanel(lines, report, { x, y, height: heights.latency }));
    y += heights.latency + heights.teamGap;
  }
  parts.push(text(frame.left, y + 12, "Open WebSockets", { class: "title" }));
  y += heights.title - 8;
  parts.push(socketsPanel(report, colours, { x, y, height: heights.sockets }));
  y += heights.sockets;
  parts.push(timeAxis(seconds, x, y));
  const height = y + heights.axis;

  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "picture",
      viewBox: `0 0 ${frame.width} ${height}`,
      role: "img",
      "aria-label": "Answers per second by version, latency and open WebSockets of both teams during all releases",
    },
    `<style>${themeCss(".picture")}${css}</style>`,
    element("rect", { width: frame.width, height, fill: colour("ground") }),
    ...parts,
  );
}

function timeAxis(seconds: number, x: (ms: number) => number, y: number): string {
  const step = seconds > 60 ? 10 : 5;
  const ticks: string[] = [];
  for (let at = 0; at <= seconds; at += step) {
    ticks.push(line(x(at * 1_000), y, x(at * 1_000), y + 4, { stroke: colour("muted") }));
    ticks.push(text(x(at * 1_000), y + 17, `${at} s`, { class: "tick", "text-anchor": "middle" }));
  }
  return ticks.join("");
}

/** All versions that users met, oldest first. */
function labelsOf(report: Report): string[] {
  const seen = Object.values(report.requests.byVersion).flatMap((versions) => Object.keys(versions));
  return [...new Set(seen)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

function suspectsOf(report: Report): Set<string> {
  const failed = report.releases.filter(
    (release) => release.outcome === "rolled-back" || release.outcome === "refused",
  );
  return new Set(failed.map((release) => release.label));
}
