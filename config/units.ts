/** Quantities as people write them in config, parsed once at the door. Inside, the unit is in the name: `drainMs`, `memoryMb`. */
import { z } from "zod";

const msOf: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "250ms", "30s", "5m", "2h", "1d" -> milliseconds. Throws `RangeError` on anything else. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (!match)
    throw new RangeError(`expected a duration like "250ms", "30s", "5m", "2h" or "1d", found ${JSON.stringify(text)}`);
  return Number(match[1]) * (msOf[match[2] as string] as number);
}

/** A duration in config stays text ("30s"), so that YAML, JSON Schema and stack outputs show what a person wrote. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'expected a duration like "250ms", "30s", "5m", "2h" or "1d"');
