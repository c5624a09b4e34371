import type { ConflictReport, MatrixNews } from "../../branches/watch";
import type { Paint } from "./paint";
import { clockTime } from "./words";

export function newsLines({ first, moved, reports }: MatrixNews, paint: Paint): string[] {
  const conflicts = reports.filter(({ state }) => state === "conflict").length;
  const head = first
    ? `${moved.length - 1} branches; ${conflicts === 0 ? "no conflict" : `${conflicts} conflict${conflicts === 1 ? "" : "s"}`}`
    : `moved: ${moved.join(", ")}`;
  return [paint("bold", head), ...reports.flatMap((report) => reportLines(report, paint))];
}

function reportLines(report: ConflictReport, paint: Paint): string[] {
  const pair = `${report.ours} and ${report.theirs}`;
  switch (report.state) {
    case "resolved":
      return [`${paint("green", "resolved")} ${pair}`];
    case "near-miss":
      return report.nearMisses.map(({ path, distance, ours, theirs }) => {
        const apart = `${distance} unchanged line${distance === 1 ? "" : "s"} apart`;
        return `${paint("dim", "near")}     ${pair}: ${path}, lines ${ours.from} and ${theirs.from}, ${apart}`;
      });
    case "blocked": {
      const files = report.files.map(({ path }) => path).join(", ");
      return [`${paint("dim", "waits")}    ${pair}: both change ${files}; first, the conflict with the base`];
    }
    case "conflict": {
      const since = report.since === null ? "" : ` since ${clockTime(report.since)}`;
      return [`${paint("red", "conflict")} ${pair}${since}`, ...report.files.map(fileLine), ...talkLine(report)];
    }
    default:
      return report.state satisfies never;
  }
}

function fileLine({ path, kind, ranges }: ConflictReport["files"][number]): string {
  const lines = ranges.map(({ ours, theirs }) => `${linesText(ours)} against ${linesText(theirs)}`);
  return `  ${path} (${kind})${lines.length > 0 ? `: lines ${lines.join("; ")}` : ""}`;
}

const linesText = ({ from, count }: { from: number; count: number }): string =>
  count <= 1 ? `${from}` : `${from}-${from + count - 1}`;

function talkLine({ people }: ConflictReport): string[] {
  const [ours, theirs] = [people.ours.join(", "), people.theirs.join(", ")];
  return ours !== "" && theirs !== "" && ours !== theirs ? [`  ${ours} and ${theirs} should talk`] : [];
}
