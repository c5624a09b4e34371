/** The health checker's state machine on a clock of its own: days pass in seconds, and a seed gives the same days again. */
import type { Plan, State } from "../../health/check";
import { apply, begin, type Effect, type Event, type Random, transition } from "../../health/machine/board";

/** What a probe finds that begins at `at`, and how long it takes. */
export type World = (check: string, at: number) => { verdict: State; tookMs: number };

export interface Told {
  what: Exclude<Effect["do"], "probe">;
  check: string;
  at: number;
  effect: Effect;
}

interface Simulated {
  plans: Plan[];
  world: World;
  untilMs: number;
  random: Random;
  /** Maintenance windows, when they open and close. */
  windows?: Extract<Event, { type: "windows" }>[];
}

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** From 0 ms to `untilMs`. Each check has at most one probe at a time, as in the real watch. */
export function simulate({ plans, world, untilMs, random, windows = [] }: Simulated): { told: Told[]; probes: number } {
  const started = begin(plans, 0, random);
  const board = { ...started.board, checks: new Map(started.board.checks) };
  const told: Told[] = [];
  const queue = new Queue();
  const due = new Map<string, number>();
  const underWay = new Set<string>();
  let probes = 0;

  const perform = (effects: Effect[]) => {
    for (const effect of effects) {
      if (effect.do !== "probe") told.push({ what: effect.do, check: effect.check, at: effect.at, effect });
      else if (!underWay.has(effect.check) && effect.at < (due.get(effect.check) ?? Number.POSITIVE_INFINITY)) {
        due.set(effect.check, effect.at);
        queue.push({ at: effect.at, probe: effect.check });
      }
    }
  };
  const happen = (event: Event) => {
    const step = transition(board, event, random);
    apply(board, step);
    perform(step.effects);
  };

  for (const window of windows) queue.push({ at: window.at, event: window });
  perform(started.effects);
  for (let next = queue.pop(); next !== undefined && next.at <= untilMs; next = queue.pop()) {
    if ("probe" in next) {
      const { probe: check, at } = next;
      // it was asked for earlier meanwhile
      if (due.get(check) !== at) continue;
      due.delete(check);
      underWay.add(check);
      probes += 1;
      const { verdict, tookMs } = world(check, at);
      const observation = { verdict, evidence: verdict, measurements: [], startedAt: at, at: at + tookMs };
      queue.push({ at: at + tookMs, event: { type: "observed", check, observation } });
    } else {
      if (next.event.type === "observed") underWay.delete(next.event.check);
      happen(next.event);
    }
  }
  return { told, probes };
}

type Due = { at: number; probe: string } | { at: number; event: Event };

/** A binary heap by time; equal times in no promised order. */
class Queue {
  private readonly heap: Due[] = [];

  push(due: Due): void {
    let i = this.heap.push(due) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (this.at(parent) <= due.at) break;
      this.swap(i, parent);
      i = parent;
    }
  }

  pop(): Due | undefined {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return first;
    this.heap[0] = last;
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      const smaller = this.at(left + 1) < this.at(left) ? left + 1 : left;
      if (this.at(smaller) >= this.at(i)) return first;
      this.swap(i, smaller);
      i = smaller;
    }
  }

  private at(i: number): number {
    return this.heap[i]?.at ?? Number.POSITIVE_INFINITY;
  }

  private swap(i: number, j: number): void {
    const [a, b] = [this.heap[i], this.heap[j]];
    if (a === undefined || b === undefined) return;
    this.heap[i] = b;
    this.heap[j] = a;
  }
}
