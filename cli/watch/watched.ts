/** What a command shows while its work is under way, in each of the three modes; and what Ctrl-C does meanwhile. */
import type { Observer } from "../../automation/api";
import { messageOf, SwitchyardError } from "../../config/errors";
import type { Context } from "../context";
import type { Output } from "../output";
import { watchAsJson } from "./json";
import { watchLive } from "./live";
import { watchPlain } from "./plain";
import type { Watch } from "./watch";

export interface Watched<T> {
  /** The command as it was given. */
  title: string;
  engine: string;
  /** What the first Ctrl-C does, and the command that goes on after a second one. */
  onInterrupt: { first: string; goOn: string };
  work(running: { observer: Observer; signal: AbortSignal }): Promise<T>;
}

/** Throws what `work` throws; `interrupted` where that is only because somebody pressed Ctrl-C. */
export async function watched<T>(context: Context, { title, engine, onInterrupt, work }: Watched<T>): Promise<T> {
  const { interrupts, output } = context;
  const watch = startWatch(output, title, engine);
  const { first, goOn } = onInterrupt;
  interrupts.cleanUp(
    {
      first: `Interrupted: ${first} Press Ctrl-C again to leave at once.`,
      second: `Left in the middle of it; \`${goOn}\` finishes.`,
    },
    watch.say,
  );
  try {
    return await work({ observer: watch.observer, signal: interrupts.signal });
  } catch (thrown) {
    if (!interrupts.signal.aborted) throw thrown;
    const why = thrown instanceof SwitchyardError ? `: ${messageOf(thrown)}` : ".";
    const next = `\`${goOn}\` goes on where this stopped.`;
    throw new SwitchyardError("interrupted", `${title} was interrupted${why}`, { next, cause: thrown });
  } finally {
    watch.end();
  }
}

function startWatch(output: Output, title: string, engine: string): Watch {
  switch (output.mode) {
    case "json":
      return watchAsJson(output, title, engine);
    case "live":
      return watchLive(output, `${title} (${engine} engine)`);
    case "plain":
      return watchPlain(output, `${title} (${engine} engine)`);
    default:
      return output.mode satisfies never;
  }
}
