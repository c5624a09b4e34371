/** The branches that the matrix knows, and who may have to do with whom. */
import type { LandedBranch } from "./branch-verdicts";
import type { Delta } from "./delta";
import type { Candidate } from "./pairs";
import { createPathIndex } from "./path-index";
import { shownPath } from "./paths";
import type { BranchVerdict, PairVerdict } from "./verdict";

export interface Branch extends LandedBranch {
  verdict: BranchVerdict;
  /** The commit of the branch brought onto the base, once git was asked about it. */
  landed: string | undefined;
}

export interface Population {
  get(name: string): Branch | undefined;
  all(): Branch[];
  add(branch: Branch): void;
  remove(name: string): void;
  /** Pairs with branches that are not in `done`. Any other pair is clean. */
  candidates(branch: Branch, done: ReadonlySet<string>): Candidate[];
  /** Pairs of which one does not land, and both changed the same files. */
  blocked(branch: Branch, done: ReadonlySet<string>): PairVerdict[];
}

export function createPopulation(): Population {
  const branches = new Map<string, Branch>();
  /** Branches by commits that the base has not. */
  const owners = new Map<string, Set<string>>();
  const landing = createPathIndex();
  const blocked = createPathIndex();

  /** Which index a branch belongs to, and with what. */
  const place = ({ landing: how }: Branch) => {
    if (how.state === "landed") return { index: landing, delta: how.delta };
    return how.state === "conflict" && how.since ? { index: blocked, delta: how.since.branch } : undefined;
  };

  const kinOf = ({ name, history }: Branch): Set<string> => {
    const kin = new Set<string>();
    for (const commit of history.own) for (const other of owners.get(commit) ?? []) if (other !== name) kin.add(other);
    return kin;
  };

  return {
    get: (name) => branches.get(name),
    all: () => [...branches.values()],
    add(branch) {
      branches.set(branch.name, branch);
      for (const commit of branch.history.own) {
        const names = owners.get(commit);
        if (names) names.add(branch.name);
        else owners.set(commit, new Set([branch.name]));
      }
      const at = place(branch);
      at?.index.add(branch.name, at.delta);
    },
    remove(name) {
      const branch = branches.get(name);
      if (branch === undefined) return;
      branches.delete(name);
      for (const commit of branch.history.own) {
        const names = owners.get(commit);
        names?.delete(name);
        if (names?.size === 0) owners.delete(commit);
      }
      const at = place(branch);
      at?.index.remove(name, at.delta);
    },
    candidates(branch, done) {
      const { name, history, landing: how } = branch;
      if (how.state !== "landed") return [];
      const sharing = landing.sharing(name, how.delta);
      const entangled = landing.entangled(name, how.delta);
      // with commits in common, it is not the base that git merges them by
      const kin = kinOf(branch);
      return [...new Set([...sharing.keys(), ...entangled, ...kin])].flatMap((otherName): Candidate[] => {
        const other = branches.get(otherName);
        if (other?.landing.state !== "landed" || done.has(otherName)) return [];
        const oneHasTheOther = history.own.has(other.history.commit) || other.history.own.has(history.commit);
        if (oneHasTheOther) return [];
        const [ours, theirs] = inOrder({ name, delta: how.delta }, { name: otherName, delta: other.landing.delta });
        const askGit = entangled.has(otherName) || kin.has(otherName);
        return [{ ours, theirs, paths: sharing.get(otherName) ?? [], askGit }];
      });
    },
    blocked(branch, done) {
      const at = place(branch);
      if (at === undefined) return [];
      const others = at.index === blocked ? [landing, blocked] : [blocked];
      return others
        .flatMap((index) => [...index.sharing(branch.name, at.delta)])
        .filter(([other]) => !done.has(other))
        .map(([other, paths]) => {
          const [ours, theirs] = inOrder({ name: branch.name }, { name: other });
          const files = paths.map((path) => ({ path: shownPath(path), kind: "both changed", ranges: [] }));
          return { ours: ours.name, theirs: theirs.name, state: "blocked", files, nearMisses: [], by: "index" };
        });
    },
  };
}

/** A pair has one name, whoever of the two moved. */
const inOrder = <T extends { name: string; delta?: Delta }>(a: T, b: T): [T, T] => (a.name < b.name ? [a, b] : [b, a]);
