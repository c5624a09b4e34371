/**
 * The conflict matrix: every branch against the base and against every other. It stays in memory and is brought up to date by what
 * moved alone: a push costs one difference of trees and a few look-ups, however many branches there are.
 */
import { type GitRepository, openQuarantine, type Quarantine } from "../git";
import { layOutAttributes } from "./attributes";
import { branchVerdicts } from "./branch-verdicts";
import { readHistories } from "./history";
import { createHunkStore } from "./hunk-store";
import { landedCommits } from "./landed-commits";
import { type Base, land } from "./landing";
import { type Changed, changedPairs, createPairTable } from "./pair-table";
import { judgePairs, versionsIn } from "./pairs";
import { createPopulation } from "./population";
import type { BranchVerdict, PairVerdict } from "./verdict";

/** Commits, all of them in the repository. */
export interface Tips {
  base: string;
  /** By branch. */
  branches: ReadonlyMap<string, string>;
}

/** Verdicts that are not what they were before. A pair without a verdict is clean. */
export interface MatrixChange {
  branches: Changed<BranchVerdict>[];
  pairs: Changed<PairVerdict>[];
}

export interface Matrix {
  /** Calls wait for each other. After one that threw, the next one judges again what that one left out. */
  update(tips: Tips): Promise<MatrixChange>;
  branches(): BranchVerdict[];
  /** All pairs that do not merge, or only just. Any other pair of branches is clean. */
  pairs(): PairVerdict[];
  close(): Promise<void>;
}

/** The base as it is now, with the place where merges onto it are tried. */
interface Ground {
  base: Base;
  quarantine: Quarantine;
  /** Which files are merged in their own way, as far as anybody asked. */
  special: Map<string, boolean>;
}

const usualNearLines = 5;

/** `nearLines`: changes that are at most so many unchanged lines apart are a near miss. */
export function createMatrix(repository: GitRepository, { nearLines = usualNearLines } = {}): Matrix {
  const population = createPopulation();
  const pairs = createPairTable();
  const hunks = createHunkStore();
  let ground: Ground | undefined;

  async function groundOn(commit: string): Promise<Ground> {
    if (ground?.base.commit === commit) return ground;
    await ground?.quarantine.remove();
    ground = undefined;
    const tree = await repository.text(["rev-parse", "--verify", "--end-of-options", `${commit}^{tree}`]);
    const quarantine = await openQuarantine(repository);
    await layOutAttributes(quarantine, commit);
    ground = { base: { commit, tree }, quarantine, special: new Map() };
    return ground;
  }

  async function update(tips: Tips): Promise<MatrixChange> {
    const baseMoved = ground?.base.commit !== tips.base;
    const { base, quarantine, special } = await groundOn(tips.base);
    const known = population.all();
    const gone = known.filter(({ name }) => !tips.branches.has(name)).map(({ name }) => name);
    const moved = [...tips.branches].filter(
      ([name, commit]) => baseMoved || population.get(name)?.history.commit !== commit,
    );
    const touched = [...gone, ...moved.map(([name]) => name)];
    const verdictsBefore = touched.map((name) => population.get(name)?.verdict);
    const pairsBefore = pairs.take(touched);
    for (const name of touched) population.remove(name);

    const histories = await readHistories(
      quarantine,
      base.commit,
      moved.map(([, commit]) => commit),
    );
    const landings = await land(quarantine, base, histories);
    const landed = histories.flatMap((history, i) => {
      const [name, landing] = [moved[i]?.[0], landings[i]];
      return name !== undefined && landing ? [{ name, history, landing }] : [];
    });
    const verdicts = await branchVerdicts(quarantine, hunks, base, landed);
    const branches = landed.flatMap((branch, i) => {
      const verdict = verdicts[i];
      return verdict ? [{ ...branch, verdict, landed: undefined }] : [];
    });
    for (const branch of branches) population.add(branch);

    const done = new Set<string>();
    const candidates = branches.flatMap((branch) => population.candidates(branch, done.add(branch.name)));
    done.clear();
    const blocked = branches.flatMap((branch) => population.blocked(branch, done.add(branch.name)));
    const judged = await judgePairs(
      {
        repository,
        quarantine,
        hunks,
        special,
        nearLines,
        landed: (names) =>
          landedCommits(
            quarantine,
            base,
            names.flatMap((name) => population.get(name) ?? []),
          ),
      },
      candidates,
    );
    const found = [...judged.filter(({ state, nearMisses }) => state !== "clean" || nearMisses.length > 0), ...blocked];
    for (const pair of found) pairs.put(pair);
    if (baseMoved) hunks.keep(versionsIn(candidates));
    return {
      branches: touched
        .map((name, i) => ({ before: verdictsBefore[i], now: population.get(name)?.verdict }))
        .filter(({ before, now }) => before !== undefined || now !== undefined),
      pairs: changedPairs(pairsBefore, found),
    };
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    update(tips) {
      const next = last.then(() => update(tips));
      last = next.catch(() => undefined);
      return next;
    },
    branches: () => population.all().map(({ verdict }) => verdict),
    pairs: () => pairs.all(),
    async close() {
      await last;
      await ground?.quarantine.remove();
    },
  };
}
