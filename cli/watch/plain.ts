import type { Output } from "../output";
import { gateText } from "../show/report";
import { cut, duration } from "../show/words";
import type { Watch } from "./watch";

/** Pulumi prints a stack's outputs after each operation, and a team's settings are one line of it. */
const longestLine = 200;

/** Lines that are never taken back, each with the time since the start. */
export function watchPlain(output: Output, title: string): Watch {
  const startedAt = performance.now();
  const tell = (text: string) => output.write(`${duration(performance.now() - startedAt).padStart(9)}  ${text}\n`);
  output.write(`${title}\n`);
  return {
    observer: {
      phase: (phase) => tell(phase),
      gate: (result) => tell(`  ${gateText(result, output.paint)}`),
      journal: () => undefined,
      line: (text) => {
        for (const line of text.split("\n").filter((part) => part.trim() !== ""))
          tell(`  | ${cut(line.trimEnd(), longestLine)}`);
      },
    },
    say: (sentence) => tell(output.paint("yellow", sentence)),
    end: () => undefined,
  };
}
