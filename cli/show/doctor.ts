import type { Finding } from "../doctor";
import type { Paint, Style } from "./paint";

const colours: Record<Finding["verdict"], Style> = { ok: "green", note: "dim", warn: "yellow", missing: "red" };

export function findingLines(findings: Finding[], paint: Paint): string[] {
  return findings.flatMap(({ check, verdict, found, todo }) => {
    const [first = "", ...rest] = found.split("\n");
    const lines = [`${paint(colours[verdict], verdict.padEnd(7))}  ${check.padEnd(11)}  ${first}`];
    for (const line of rest) lines.push(`${" ".repeat(22)}${line.trim()}`);
    if (todo !== undefined) lines.push(`${" ".repeat(22)}→ ${todo}`);
    return lines;
  });
}
