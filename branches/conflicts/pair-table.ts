import { isDeepStrictEqual } from "node:util";
import type { PairVerdict } from "./verdict";

/** Verdicts of pairs, found by either branch. A pair that is not in it is clean. */
export interface PairTable {
  put(pair: PairVerdict): void;
  /** Takes out all pairs of these branches and returns them. */
  take(names: Iterable<string>): PairVerdict[];
  all(): PairVerdict[];
}

export function createPairTable(): PairTable {
  const byBranch = new Map<string, Map<string, PairVerdict>>();
  const half = (name: string) => {
    const others = byBranch.get(name) ?? new Map<string, PairVerdict>();
    byBranch.set(name, others);
    return others;
  };
  return {
    put(pair) {
      half(pair.ours).set(pair.theirs, pair);
      half(pair.theirs).set(pair.ours, pair);
    },
    take(names) {
      const taken: PairVerdict[] = [];
      for (const name of names) {
        for (const [other, pair] of byBranch.get(name) ?? []) {
          taken.push(pair);
          byBranch.get(other)?.delete(name);
        }
        byBranch.delete(name);
      }
      return taken;
    },
    all: () => [...byBranch].flatMap(([name, others]) => [...others.values()].filter(({ ours }) => ours === name)),
  };
}

export interface Changed<T> {
  before: T | undefined;
  now: T | undefined;
}

/** Those that are not what they were. */
export function changedPairs(before: readonly PairVerdict[], now: readonly PairVerdict[]): Changed<PairVerdict>[] {
  const old = new Map(before.map((pair) => [keyOf(pair), pair]));
  const changed: Changed<PairVerdict>[] = [];
  for (const pair of now) {
    const was = old.get(keyOf(pair));
    old.delete(keyOf(pair));
    if (!isDeepStrictEqual(was, pair)) changed.push({ before: was, now: pair });
  }
  return [...changed, ...[...old.values()].map((was) => ({ before: was, now: undefined }))];
}

/** No branch's name has a space. */
const keyOf = ({ ours, theirs }: PairVerdict): string => `${ours} ${theirs}`;
