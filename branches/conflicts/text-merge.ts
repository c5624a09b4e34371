/**
 * Git's own three-way merge of a text (xdl_do_merge of its xdiff/xmerge.c at level "zealous"), as far as its verdict goes: which
 * stretches of lines conflict. It works on the two sides' hunks alone; no file is read.
 */
import type { Hunk } from "./patch";

/** Lines of a file; the first line is 0. */
export interface Stretch {
  start: number;
  count: number;
}

export interface TextConflict {
  base: Stretch;
  ours: Stretch;
  theirs: Stretch;
}

interface Node extends TextConflict {
  from: "ours" | "theirs" | "both";
}

export function mergeTexts(ours: readonly Hunk[], theirs: readonly Hunk[]): TextConflict[] {
  if (!overlaps(ours, theirs)) return [];
  return nodesOf(ours, theirs)
    .filter((node) => node.from === "both" && !sameText(node, ours, theirs))
    .map(({ base, ours, theirs }) => ({ base, ours, theirs }));
}

/** Hunks that touch conflict, as in git: `end < start` alone keeps two apart. */
function overlaps(ours: readonly Hunk[], theirs: readonly Hunk[]): boolean {
  for (let i = 0, j = 0; ; ) {
    const a = ours[i];
    const b = theirs[j];
    if (!a || !b) return false;
    if (endOf(a) < b.start) i++;
    else if (endOf(b) < a.start) j++;
    else return true;
  }
}

/** Unchanged lines between the nearest two hunks; `Infinity` where one side has none. Of texts that do not conflict. */
export function distance(
  ours: readonly Hunk[],
  theirs: readonly Hunk[],
): { lines: number; ours?: Hunk; theirs?: Hunk } {
  let nearest: { lines: number; ours?: Hunk; theirs?: Hunk } = { lines: Number.POSITIVE_INFINITY };
  for (let i = 0, j = 0; ; ) {
    const a = ours[i];
    const b = theirs[j];
    if (!a || !b) return nearest;
    const lines = Math.max(b.start - endOf(a), a.start - endOf(b), 0);
    if (lines < nearest.lines) nearest = { lines, ours: a, theirs: b };
    if (endOf(a) <= endOf(b)) i++;
    else j++;
  }
}

const endOf = (hunk: Hunk): number => hunk.start + hunk.removed.length;

function nodesOf(ours: readonly Hunk[], theirs: readonly Hunk[]): Node[] {
  const nodes: Node[] = [];
  let i = 0;
  let j = 0;
  // how far each side's lines are from the base's, before the hunk at hand
  let oursShift = 0;
  let theirsShift = 0;
  const passOurs = (a: Hunk) => {
    oursShift = a.sideStart + a.added.length - endOf(a);
    i++;
  };
  const passTheirs = (b: Hunk) => {
    theirsShift = b.sideStart + b.added.length - endOf(b);
    j++;
  };
  for (let a = ours[i], b = theirs[j]; a || b; a = ours[i], b = theirs[j]) {
    if (a && (!b || endOf(a) < b.start)) {
      const count = a.removed.length;
      append(nodes, {
        from: "ours",
        base: { start: a.start, count },
        ours: { start: a.sideStart, count: a.added.length },
        theirs: { start: a.start + theirsShift, count },
      });
      passOurs(a);
    } else if (b && (!a || endOf(b) < a.start)) {
      const count = b.removed.length;
      append(nodes, {
        from: "theirs",
        base: { start: b.start, count },
        ours: { start: b.start + oursShift, count },
        theirs: { start: b.sideStart, count: b.added.length },
      });
      passTheirs(b);
    } else if (a && b) {
      if (!sameHunk(a, b)) append(nodes, union(a, b));
      const [endA, endB] = [endOf(a), endOf(b)];
      if (endA >= endB) passTheirs(b);
      if (endB >= endA) passOurs(a);
    }
  }
  return nodes;
}

/** Both hunks widened to the base lines that either of them covers. */
function union(a: Hunk, b: Hunk): Node {
  const start = Math.min(a.start, b.start);
  const end = Math.max(endOf(a), endOf(b));
  const side = (hunk: Hunk): Stretch => ({
    start: hunk.sideStart - (hunk.start - start),
    count: hunk.added.length + (hunk.start - start) + (end - endOf(hunk)),
  });
  return { from: "both", base: { start, count: end - start }, ours: side(a), theirs: side(b) };
}

/** A node that begins in the last one, or where it ends, becomes part of it; of different origin, they conflict. */
function append(nodes: Node[], node: Node): void {
  const last = nodes.at(-1);
  if (last === undefined || (isAfter(node.ours, last.ours) && isAfter(node.theirs, last.theirs))) {
    nodes.push(node);
    return;
  }
  if (node.from !== last.from) last.from = "both";
  for (const file of ["base", "ours", "theirs"] as const)
    last[file].count = node[file].start + node[file].count - last[file].start;
}

const isAfter = (next: Stretch, last: Stretch): boolean => next.start > last.start + last.count;

const sameHunk = (a: Hunk, b: Hunk): boolean =>
  a.start === b.start && a.removed.length === b.removed.length && sameLines(a.added, b.added);

/** Git looks again at what both sides have in a conflict; a side that has nothing there is not looked at. */
function sameText(node: Node, ours: readonly Hunk[], theirs: readonly Hunk[]): boolean {
  if (node.ours.count !== node.theirs.count || node.ours.count === 0) return false;
  const baseLines = linesOfBase([...ours, ...theirs], node.base);
  return sameLines(sideLines(ours, node.base, baseLines), sideLines(theirs, node.base, baseLines));
}

/** Every base line of a conflict is in a hunk of one side at least: else the hunks would not touch. */
function linesOfBase(hunks: readonly Hunk[], { start, count }: Stretch): number[] {
  const lines = new Array<number>(count).fill(Number.NaN);
  for (const hunk of hunks)
    hunk.removed.forEach((line, i) => {
      const at = hunk.start + i - start;
      if (at >= 0 && at < count) lines[at] = line;
    });
  return lines;
}

function sideLines(hunks: readonly Hunk[], { start, count }: Stretch, baseLines: readonly number[]): number[] {
  const lines: number[] = [];
  let at = start;
  for (const hunk of hunks) {
    if (endOf(hunk) < start || hunk.start > start + count) continue;
    lines.push(...baseLines.slice(at - start, hunk.start - start), ...hunk.added);
    at = endOf(hunk);
  }
  return [...lines, ...baseLines.slice(at - start)];
}

/** NaN, a line that is not known, is like no other. */
const sameLines = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((line, i) => line === b[i]);
