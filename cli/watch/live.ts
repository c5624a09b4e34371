import type { Output } from "../output";
import { newProgress, progressLines } from "../show/progress";
import type { Watch } from "./watch";

const redrawEveryMs = 100;

/** Redrawn in place. The last picture stays, so that the terminal keeps the phases and their times. */
export function watchLive(output: Output, title: string): Watch {
  const progress = newProgress(title, Date.now());
  let drawn = 0;
  const draw = () => {
    const lines = progressLines(progress, Date.now(), output.columns, output.paint);
    const back = drawn === 0 ? "" : `\x1b[${drawn}A`;
    output.write(`${back}\r\x1b[0J${lines.join("\n")}\n`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, redrawEveryMs);
  draw();
  return {
    observer: {
      phase: (name, at) => {
        progress.line = "";
        if (name === "done") progress.endedAt = Date.parse(at);
        else progress.phases.push({ name, startedAt: Date.parse(at), gates: [] });
      },
      gate: (result) => void progress.phases.at(-1)?.gates.push(result),
      journal: () => undefined,
      line: (text) => {
        const last = text.split("\n").findLast((part) => part.trim() !== "");
        if (last !== undefined) progress.line = last.trim();
      },
    },
    say: (sentence) => {
      progress.notes.push(sentence);
      draw();
    },
    end: () => {
      clearInterval(timer);
      progress.endedAt ??= Date.now();
      draw();
    },
  };
}
