import { whole } from "./narrate";
import type { Report } from "./report";
import { chapter, paint, say, table } from "./terminal";

/** The report for a person at a terminal. */
export function summarise(report: Report): void {
  const { requests, webSockets, releases, promises } = report;
  chapter("What was seen");
  say(
    `  ${requests.total.toLocaleString("en")} requests, ${requests.failed} failed; ` +
      `${requests.fromBadVersion} wrong or slow answers of versions that turned bad; ` +
      `${webSockets.opened} WebSockets opened, ${webSockets.cut} cut`,
  );
  const ms = (value: number | null) => (value === null ? "" : whole(value));
  const rows = releases.map((release) => [
    release.team,
    release.label,
    release.outcome,
    ms(release.switchMs),
    ms(release.rollbackMs),
    release.kills
      .map((kill) => `driver killed in ${kill.phase}, ${kill.weights} the weights were written`)
      .join("; ") || release.story,
  ]);
  say();
  const lines = table([["team", "version", "outcome", "switch", "rollback", ""], ...rows], new Set([3, 4]));
  for (const [i, line] of lines.entries()) say(`  ${i === 0 ? paint("dim", line) : line}`);

  chapter("What was promised");
  for (const { promise, kept, found } of promises) {
    say(`  ${kept ? paint("green", "✓") : paint("red", "✗")} ${promise}: ${paint(kept ? "dim" : "red", found)}`);
  }
  say();
}
