/** Reads `git diff -U1` as it arrives: of each file the changed lines, each as a number that stands for its bytes. */

/** A change of a file: `removed` lines from base line `start` (the first is 0) gave way to `added` ones. */
export interface Hunk {
  start: number;
  /** The same place in the side's own file. */
  sideStart: number;
  removed: number[];
  added: number[];
}

/** "opaque": git would not show it as text (binary, or too big to look into). */
export type FileDiff = Hunk[] | "opaque";

interface Body {
  /** Lines of each file that are still to come. */
  baseLeft: number;
  sideLeft: number;
  base: number;
  side: number;
  open: Hunk | undefined;
  /** Where the last line's number stands, for the mark that it has no line break. */
  last: number[] | undefined;
}

const newline = 0x0a;

/** Files are named by what stands after `b/` in their header; the names must need no quotes. */
export function createPatchReader(): { take(chunk: Buffer): void; end(): Map<string, FileDiff> } {
  const files = new Map<string, FileDiff>();
  let hunks: Hunk[] = [];
  let name: string | undefined;
  let body: Body | undefined;
  let rest: Buffer = Buffer.alloc(0);

  const line = (bytes: Buffer, from: number, to: number) => {
    if (body && bytes[from] === 0x5c /* \ No newline at end of file */) {
      const number = body.last?.pop();
      if (number !== undefined) body.last?.push(withoutLineBreak(number));
      return;
    }
    if (body && (body.baseLeft > 0 || body.sideLeft > 0)) return inBody(body, hunks, bytes, from, to);
    const text = bytes.toString("latin1", from, to);
    if (text.startsWith("diff --git ")) {
      body = undefined;
      name = text.slice(text.lastIndexOf(" b/") + 3);
      hunks = [];
      files.set(name, hunks);
    } else if (text.startsWith("@@ ")) body = bodyOf(text);
    else if (text.startsWith("Binary files ") && name !== undefined) files.set(name, "opaque");
  };

  return {
    take(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      for (let end = bytes.indexOf(newline, at); end >= 0; end = bytes.indexOf(newline, at)) {
        line(bytes, at, end);
        at = end + 1;
      }
      rest = bytes.subarray(at);
    },
    end: () => files,
  };
}

/** `@@ -12,3 +14,2 @@`: an empty stretch is numbered by the line before it. */
function bodyOf(header: string): Body {
  const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(header);
  if (!match) throw new Error(`git printed a hunk header that is none: ${header}`);
  const [, baseAt = "", baseCount = "1", sideAt = "", sideCount = "1"] = match;
  const first = (at: string, count: string) => (count === "0" ? Number(at) : Number(at) - 1);
  return {
    baseLeft: Number(baseCount),
    sideLeft: Number(sideCount),
    base: first(baseAt, baseCount),
    side: first(sideAt, sideCount),
    open: undefined,
    last: undefined,
  };
}

function inBody(body: Body, hunks: Hunk[], bytes: Buffer, from: number, to: number): void {
  const mark = bytes[from];
  if (mark === 0x20 || from === to) {
    body.open = undefined;
    body.last = undefined;
    body.base += 1;
    body.side += 1;
    body.baseLeft -= 1;
    body.sideLeft -= 1;
    return;
  }
  if (body.open === undefined) {
    body.open = { start: body.base, sideStart: body.side, removed: [], added: [] };
    hunks.push(body.open);
  }
  const number = lineNumber(bytes, from + 1, to);
  if (mark === 0x2d) {
    body.last = body.open.removed;
    body.base += 1;
    body.baseLeft -= 1;
  } else {
    body.last = body.open.added;
    body.side += 1;
    body.sideLeft -= 1;
  }
  body.last.push(number);
}

/** 53 bits of a line's bytes (FNV-1a beside a multiplicative hash): two different lines of a file get one number once in 10^15. */
function lineNumber(bytes: Buffer, from: number, to: number): number {
  let a = 0x811c9dc5;
  let b = to - from;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b, 0x5bd1e995) + byte;
    b ^= b >>> 15;
  }
  return (b & 0x1fffff) * 0x1_0000_0000 + (a >>> 0);
}

/** A line without its line break is another line than the same one with it. */
const withoutLineBreak = (number: number): number => -1 - number;
