import type { Output } from "../output";
import type { Watch } from "./watch";

/** One JSON document on each line of stdout; the command's answer is the last one. */
export function watchAsJson(output: Output, title: string, engine: string): Watch {
  const tell = (event: object) => output.answer(event, []);
  tell({ event: "start", command: title, engine });
  return {
    observer: {
      phase: (phase, at) => tell({ event: "phase", phase, at }),
      gate: (result) => tell({ event: "gate", ...result }),
      journal: (entry) => tell({ event: "journal", ...entry }),
      line: (text) => tell({ event: "line", text: text.trimEnd() }),
    },
    say: (text) => tell({ event: "note", text }),
    end: () => undefined,
  };
}
