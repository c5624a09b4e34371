/** Performs what the state machine decides: probes at their time, a limited number at once, and tells everything else. */
import { setMaxListeners } from "node:events";
import type { Check } from "../check";
import { apply, type Board, begin, type Effect, type Event, transition } from "../machine/board";
import type { Watched } from "../machine/watched";
import { ask } from "./ask";
import { now } from "./clock";
import { measureStalls } from "./stalls";

/** More at once would make them wait for each other, and measure that. */
const atOnce = 50;

export type News = Exclude<Effect, { do: "probe" }>;

export interface WatchOptions {
  /** What an earlier watch knew: its calls go on, and its states count as unknown until there is new evidence. */
  before?: Watched[] | undefined;
  /** Synchronous, and must not throw. */
  tell(news: News): void;
}

export interface Watch {
  readonly checks: ReadonlyMap<string, Watched>;
  plan(checks: Check[]): void;
  /** Checks with an open maintenance window, and why; all others have none. */
  windows(open: ReadonlyMap<string, string>): void;
  /** The prober's own condition: its longest stall of the last minute in ms, and how many probes wait for their turn. */
  prober(): { stalledMs: number; waiting: number };
  /** No probe is under way and none comes when it resolves. */
  stop(): Promise<void>;
}

/** Throws `RangeError` where checks depend on each other in a circle. */
export function watch(checks: Check[], { before, tell }: WatchOptions): Watch {
  const stalls = measureStalls();
  const stopping = new AbortController();
  setMaxListeners(atOnce, stopping.signal);
  const due = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  const underWay = new Map<string, Promise<void>>();
  const waiting = new Set<string>();
  let byId = new Map<string, Check>();
  let board = { checks: new Map<string, Watched>(), children: new Map() as Board["children"] };

  const perform = (effects: Effect[]) => {
    for (const effect of effects) {
      if (effect.do === "probe") schedule(effect.check, effect.at);
      else tell(effect);
    }
  };
  const happen = (event: Event) => {
    const step = transition(board, event, Math.random);
    apply(board, step);
    perform(step.effects);
  };
  const schedule = (id: string, at: number) => {
    if (stopping.signal.aborted || waiting.has(id) || underWay.has(id) || !byId.has(id)) return;
    const planned = due.get(id);
    if (planned !== undefined && planned.at <= at) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(
      () => {
        due.delete(id);
        waiting.add(id);
        startWaiting();
      },
      Math.max(0, at - now()),
    );
    due.set(id, { at, timer });
  };
  const startWaiting = () => {
    for (const id of waiting) {
      if (underWay.size >= atOnce) return;
      waiting.delete(id);
      const check = byId.get(id);
      if (check) underWay.set(id, probe(check));
    }
  };
  const probe = async (check: Check) => {
    const observation = await ask(check, stalls, stopping.signal);
    underWay.delete(check.id);
    if (stopping.signal.aborted) return;
    happen({ type: "observed", check: check.id, observation });
    startWaiting();
  };
  const plan = (wanted: Check[], known: Board) => {
    const begun = begin(wanted, now(), Math.random, known);
    board = { checks: new Map(begun.board.checks), children: begun.board.children };
    byId = new Map(wanted.map((check) => [check.id, check]));
    for (const [id, { timer }] of due) {
      if (byId.has(id)) continue;
      clearTimeout(timer);
      due.delete(id);
    }
    perform(begun.effects);
  };

  plan(checks, { checks: new Map((before ?? []).map((one) => [one.plan.id, blinded(one)])), children: new Map() });
  return {
    get checks() {
      return board.checks;
    },
    plan: (wanted) => plan(wanted, board),
    windows: (open) => happen({ type: "windows", at: now(), open }),
    prober: () => ({ stalledMs: Math.round(stalls.longestSince(now() - 60_000)), waiting: waiting.size }),
    async stop() {
      stopping.abort();
      for (const { timer } of due.values()) clearTimeout(timer);
      waiting.clear();
      await Promise.all(underWay.values());
      stalls.stop();
    },
  };
}

const blinded = (watched: Watched): Watched => ({ ...watched, status: { ...watched.status, blind: true } });
