/** What the demo says while it runs, for people: one line for each event, with the time since it began. */
import { styleText } from "node:util";

type Style = "bold" | "dim" | "green" | "red" | "yellow" | "cyan";

// Nobody reads any more (`| head`, a closed window): the demo still has to clean up.
process.stdout.on("error", () => undefined);

const coloured = process.stdout.isTTY && !process.env.NO_COLOR;

export function paint(style: Style, text: string): string {
  return coloured ? styleText(style, text, { validateStream: false }) : text;
}

const began = performance.now();
export const elapsedMs = () => performance.now() - began;

export function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function chapter(title: string): void {
  say(`\n${paint("bold", title)}`);
}

export function event(text: string): void {
  say(`${paint("dim", `${(elapsedMs() / 1_000).toFixed(1).padStart(6)} s`)}  ${text}`);
}

const teamWidth = 22;
const labelWidth = 13;

export function releaseEvent(team: string, label: string, text: string): void {
  event(`${paint("cyan", team.padEnd(teamWidth))}  ${label.padEnd(labelWidth)}  ${text}`);
}

/** Columns as wide as their widest cell; those in `right` are aligned to the right. */
export function table(rows: string[][], right: ReadonlySet<number> = new Set()): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.has(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}
