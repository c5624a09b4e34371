/** What a sample says, and whether the targets held. */
import { cpus, loadavg } from "node:os";

export const quantile = (sample: readonly number[], share: number): number =>
  [...sample].sort((a, b) => a - b)[Math.min(sample.length - 1, Math.floor(sample.length * share))] ?? Number.NaN;

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);

export const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export const machine = (): string => `${cpus().length} CPUs, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`;

export interface Target {
  name: string;
  measured: number;
  /** Of both. */
  unit: string;
  /** What is allowed; the measured number must be below (or, for `over`, not below). */
  under?: number;
  over?: number;
}

/** Prints one line for each target; the exit code is 1 when one of them was missed. */
export function conclude(targets: Target[]): void {
  for (const { name, measured, unit, under, over } of targets) {
    const held = (under === undefined || measured < under) && (over === undefined || measured >= over);
    const allowed = under === undefined ? `at least ${over}` : `under ${under}`;
    say(`${held ? "held  " : "MISSED"} ${name}: ${Number(measured.toFixed(2))} ${unit} (${allowed} ${unit})`);
    if (!held) process.exitCode = 1;
  }
}
