import { stripVTControlCharacters } from "node:util";

/** Columns padded to their widest cell, two spaces between; nothing trails. */
export function table(rows: string[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, width(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

const width = (cell: string): number => stripVTControlCharacters(cell).length;
