import type { Observer } from "../../automation/api";

/** One way of showing work that is under way. */
export interface Watch {
  observer: Required<Observer>;
  /** A sentence beside the work, for example what Ctrl-C does. */
  say(sentence: string): void;
  /** Nothing is drawn after it. */
  end(): void;
}
