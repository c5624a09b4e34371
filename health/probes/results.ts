/** Results as probes make them. */
import { type Measurement, type Result, type State, worst } from "../check";

export const result = (verdict: State, evidence: string, measurements: Measurement[] = []): Result => ({
  verdict,
  evidence,
  measurements,
});

const responseTime = (ms: number): Measurement => ({
  name: "responseTime",
  value: Math.round(ms * 10) / 10,
  unit: "ms",
});

/** Some results as one: the worst verdict, and the evidence of those that have it. */
export function combined(results: Result[]): Result {
  const verdict = worst(results.map((one) => one.verdict));
  const evidence = results.filter((one) => one.verdict === verdict).map((one) => one.evidence);
  return result(
    verdict,
    evidence.join("; "),
    results.flatMap((one) => one.measurements),
  );
}

/** What an answer says beside being good: it may have come too slowly. */
export function timed(ms: number, slowAfterMs: number | undefined, evidence: string): Result {
  const words = `${evidence} in ${Math.round(ms)} ms`;
  if (slowAfterMs === undefined || ms <= slowAfterMs) return result("pass", words, [responseTime(ms)]);
  return result("warn", `${words}, and ${slowAfterMs} ms are expected`, [responseTime(ms)]);
}

/** Text from outside, on one line and no longer than a person reads. */
export function excerpt(text: string, longest = 120): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey is not to be shown
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
