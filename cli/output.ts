/** Where a command's words go. On stdout: the answer. On stderr: mistakes, and what is said beside the answer. */
import { styleText } from "node:util";
import type { Paint } from "./show/paint";

/** `live`: redrawn in place on a terminal. `plain`: lines, for pipelines and files. `json`: a JSON document on each line. */
export type Mode = "live" | "plain" | "json";

export interface Output {
  readonly mode: Mode;
  readonly paint: Paint;
  readonly columns: number;
  /** The answer, for people or for programs. */
  answer(document: object, lines: string[]): void;
  /** Something that is not the answer: on stderr, in every mode. */
  aside(line: string): void;
  /** As it is, to stdout. */
  write(text: string): void;
}

export function modeFor(json: boolean): Mode {
  if (json) return "json";
  const dumb = process.env.TERM === "dumb" || process.env.CI !== undefined;
  return process.stdout.isTTY && !dumb ? "live" : "plain";
}

export function createOutput(mode: Mode): Output {
  return {
    mode,
    // styleText itself looks at NO_COLOR, FORCE_COLOR and whether the stream is a terminal
    paint: (style, text) => styleText(style, text, { stream: process.stdout }),
    // a terminal that does not know its width says 0
    columns: process.stdout.columns || 100,
    answer: (document, lines) => {
      const text = mode === "json" ? JSON.stringify(document) : lines.join("\n");
      process.stdout.write(`${text}\n`);
    },
    aside: (line) => void process.stderr.write(`${line}\n`),
    write: (text) => void process.stdout.write(text),
  };
}
