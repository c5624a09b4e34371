/**
 * The health checker's promises: how soon a dead target is known, that nobody is called for nothing, what watching costs.
 * `npm run bench:monitor`; it exits with 1 where a number is missed.
 */
import { measureCost } from "./monitor/cost";
import type { Line } from "./monitor/line";
import { dependencies, detection, quietWeek } from "./monitor/simulated";
import { spotCheck } from "./monitor/spot";

async function main(): Promise<void> {
  const lines: Line[] = [];
  const tell = (...more: Line[]) => {
    for (const { what, found, promised } of more) {
      const verdict = promised ? `   ${promised.kept ? "kept" : "MISSED"}: ${promised.text}` : "";
      console.log(`${what.padEnd(62)} ${found}${verdict}`);
    }
    lines.push(...more);
  };
  tell(...detection());
  tell(...quietWeek());
  tell(...dependencies());
  tell(...(await spotCheck()));
  tell(...(await measureCost()));
  if (lines.some(({ promised }) => promised?.kept === false)) process.exitCode = 1;
}

void main();
