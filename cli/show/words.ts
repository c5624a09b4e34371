/** The same small things said the same way everywhere. */

/** 87 -> "87 ms", 1234 -> "1.23 s", 75000 -> "1 min 15 s" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A commit as git shortens it. */
export const shortVersion = (version: string): string => version.slice(0, 10);

/** `slot-1 100 %, slot-2 0 %` */
export const weightsText = (weights: Record<string, number>): string =>
  Object.entries(weights)
    .map(([slot, weight]) => `${slot} ${weight} %`)
    .join(", ") || "none";

/** `2026-11-24 01:02:03`, local time */
export function clockTime(rfc3339: string): string {
  const at = new Date(rfc3339);
  if (Number.isNaN(at.getTime())) return rfc3339;
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** At most so many columns. */
export function cut(text: string, columns: number): string {
  const room = Math.max(10, columns);
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
