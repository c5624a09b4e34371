/** Two branches against each other: by their hunks where these tell, and by git's merge where only it can. */
import { type GitRepository, openQuarantine, type Quarantine } from "../git";
import { mergedSpecially } from "./attributes";
import { classify, versionsOf } from "./classify";
import type { Change, Delta } from "./delta";
import type { HunkStore, Versions } from "./hunk-store";
import { tryMerges } from "./merges";
import type { FileDiff, Hunk } from "./patch";
import { shownPath } from "./paths";
import { distance, mergeTexts, type Stretch, type TextConflict } from "./text-merge";
import type { ConflictRange, FileConflict, Lines, NearMiss, PairVerdict } from "./verdict";

/** A branch that lands on the base. */
export interface Side {
  name: string;
  delta: Delta;
}

export interface Candidate {
  ours: Side;
  theirs: Side;
  /** Paths that both changed. */
  paths: readonly string[];
  /** Folders and files meet, or the branches have commits in common that the base has not. */
  askGit: boolean;
}

export interface PairsContext {
  repository: GitRepository;
  quarantine: Quarantine;
  hunks: HunkStore;
  /** What is known of paths' own ways to merge; grows. */
  special: Map<string, boolean>;
  /** Changes that are at most so many unchanged lines apart are a near miss. */
  nearLines: number;
  /** Commits of branches brought onto the base, in the order of the names. */
  landed(names: readonly string[]): Promise<string[]>;
}

interface Meeting {
  path: string;
  ours: Change;
  theirs: Change;
}

interface Judged {
  candidate: Candidate;
  files: FileConflict[];
  nearMisses: NearMiss[];
  askGit: boolean;
}

export async function judgePairs(context: PairsContext, candidates: readonly Candidate[]): Promise<PairVerdict[]> {
  const plans = candidates.map(plan);
  const texts = plans.flatMap((each) => each.texts);
  await context.hunks.learn(context.quarantine, texts.flatMap(bothVersions));
  await learnSpecial(context, texts);
  const judged = plans.map((each) => judge(context, each));
  const byGit = await askGit(
    context,
    judged.filter((each) => each.askGit),
  );
  return judged.map(({ candidate, files, nearMisses, askGit }): PairVerdict => {
    const pair = { ours: candidate.ours.name, theirs: candidate.theirs.name, nearMisses };
    const found = askGit ? (byGit.get(candidate) ?? []) : files;
    return { ...pair, state: found.length > 0 ? "conflict" : "clean", files: found, by: askGit ? "git" : "index" };
  });
}

/** What the hunks of `candidates` are made of. */
export const versionsIn = (candidates: readonly Candidate[]): Versions[] =>
  candidates.flatMap((candidate) => plan(candidate).texts.flatMap(bothVersions));

const bothVersions = ({ ours, theirs }: Meeting): Versions[] => [versionsOf(ours), versionsOf(theirs)];

interface Plan {
  candidate: Candidate;
  texts: Meeting[];
  files: FileConflict[];
  askGit: boolean;
}

function plan(candidate: Candidate): Plan {
  const { ours, theirs } = candidate;
  const made: Plan = { candidate, texts: [], files: [], askGit: candidate.askGit };
  for (const path of candidate.paths) {
    const change = { ours: ours.delta.changes.get(path), theirs: theirs.delta.changes.get(path) };
    if (!change.ours || !change.theirs) continue;
    const meeting = classify(change.ours, change.theirs, ours.delta, theirs.delta);
    switch (meeting) {
      case "clean":
        break;
      case "modify/delete":
        made.files.push({ path: shownPath(path), kind: meeting, ranges: [] });
        break;
      case "text":
        made.texts.push({ path, ours: change.ours, theirs: change.theirs });
        break;
      case "ask-git":
        made.askGit = true;
        break;
      default:
        return meeting satisfies never;
    }
  }
  return made;
}

async function learnSpecial({ quarantine, special }: PairsContext, texts: readonly Meeting[]): Promise<void> {
  const unknown = [...new Set(texts.map(({ path }) => path))].filter((path) => !special.has(path));
  const found = await mergedSpecially(quarantine, unknown);
  for (const path of unknown) special.set(path, found.has(path));
}

function judge({ hunks, special, nearLines }: PairsContext, { candidate, texts, files, askGit }: Plan): Judged {
  const judged: Judged = { candidate, files: [...files], nearMisses: [], askGit };
  for (const { path, ours, theirs } of texts) {
    const [a, b] = [hunks.of(versionsOf(ours)), hunks.of(versionsOf(theirs))];
    if (a === "opaque" || b === "opaque" || special.get(path)) {
      judged.askGit = true;
      continue;
    }
    const file = conflictIn(path, ours.kind === "added" ? "add/add" : "content", a, b);
    if (file) judged.files.push(file);
    else judged.nearMisses.push(...nearMissIn(path, a, b, nearLines));
  }
  return judged;
}

/** Undefined: the texts merge. */
export function conflictIn(path: string, kind: string, ours: FileDiff, theirs: FileDiff): FileConflict | undefined {
  if (ours === "opaque" || theirs === "opaque") return undefined;
  const conflicts = mergeTexts(ours, theirs);
  if (conflicts.length === 0) return undefined;
  return { path: shownPath(path), kind, ranges: conflicts.map(rangeOf) };
}

const rangeOf = ({ base, ours, theirs }: TextConflict): ConflictRange => ({
  base: lines(base),
  ours: lines(ours),
  theirs: lines(theirs),
});

const lines = ({ start, count }: Stretch): Lines => ({ from: start + 1, count });

function nearMissIn(path: string, a: readonly Hunk[], b: readonly Hunk[], nearLines: number): NearMiss[] {
  const nearest = distance(a, b);
  if (nearest.lines > nearLines || !nearest.ours || !nearest.theirs) return [];
  const place = (hunk: Hunk) => lines({ start: hunk.sideStart, count: hunk.added.length });
  return [{ path: shownPath(path), distance: nearest.lines, ours: place(nearest.ours), theirs: place(nearest.theirs) }];
}

/** The files in conflict by candidate. Lines that the index knows are put beside git's word. */
async function askGit(context: PairsContext, asked: readonly Judged[]): Promise<Map<Candidate, FileConflict[]>> {
  if (asked.length === 0) return new Map();
  const names = [...new Set(asked.flatMap(({ candidate }) => [candidate.ours.name, candidate.theirs.name]))];
  const commits = await context.landed(names);
  const commitOf = new Map(names.map((name, i) => [name, commits[i] ?? ""]));
  const pair = ({ candidate: { ours, theirs } }: Judged) => ({
    ours: commitOf.get(ours.name) ?? "",
    theirs: commitOf.get(theirs.name) ?? "",
  });
  // what these merges write is of no use to later ones
  const throwAway = await openQuarantine(context.repository, context.quarantine);
  try {
    const merges = await tryMerges(throwAway, asked.map(pair));
    return new Map(asked.map(({ candidate, files }, i) => [candidate, filesOf(merges[i]?.conflicts ?? [], files)]));
  } finally {
    await throwAway.remove();
  }
}

export function filesOf(
  told: readonly { path: string; kind: string }[],
  known: readonly FileConflict[],
): FileConflict[] {
  return told.map(({ path, kind }) => {
    const file = { path: shownPath(path), kind };
    return { ...file, ranges: known.find((other) => other.path === file.path)?.ranges ?? [] };
  });
}
