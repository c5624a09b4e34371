/** What people do to files, and what only somebody who means harm does: one random change of a set of files. */
import type { File, Files } from "./import";
import type { Random } from "./random";

const folders = ["", "src/", "src/api/", "lib/", "lib/ui/", "docs/"];
/** Few different lines, so that a diff has more than one way to align them. */
const words = ["{", "}", "", "  return;", "a", "b", "c", "call();", "const x = 1;", "// note", "end"];

const text = (lines: readonly string[]): File => ({ mode: "100644", data: Buffer.from(lines.join("")) });
const linesOf = ({ data }: File): string[] => data.toString("latin1").match(/[^\n]*\n|[^\n]+$/g) ?? [];
const isText = (file: File): boolean => file.mode.startsWith("100") && !file.data.includes(0);

export function firstFiles(random: Random, count: number): Map<string, File> {
  const files = new Map<string, File>();
  for (let i = 0; i < count; i++) {
    const lines = Array.from({ length: random.below(45) }, (_, n) =>
      random.chance(0.5) ? `${random.pick(words)}\n` : `line ${i}.${n}\n`,
    );
    files.set(`${random.pick(folders)}f${i}.txt`, text(lines));
  }
  files.set("lib/logo.bin", { mode: "100644", data: Buffer.from([0, 1, 2, 3]) });
  files.set("src/link", { mode: "120000", data: Buffer.from("f1.txt") });
  files.set("vendor", { mode: "160000", data: Buffer.from("1".repeat(40)) });
  files.set("CHANGES.md", text(Array.from({ length: 6 }, (_, n) => `- change ${n}\n`)));
  files.set(".gitattributes", text(["CHANGES.md merge=union\n", "src/api/* -merge\n"]));
  return files;
}

type Act = (files: Map<string, File>, random: Random) => void;

const anyText = (files: Files, random: Random): [string, File] | undefined => {
  const texts = [...files].filter(([path, file]) => isText(file) && path !== ".gitattributes");
  // a few files are where everybody works
  return texts.length === 0
    ? undefined
    : texts[random.chance(0.5) ? random.below(Math.min(4, texts.length)) : random.below(texts.length)];
};

const anyFile = (files: Files, random: Random): [string, File] | undefined =>
  files.size === 0 ? undefined : random.pick([...files].filter(([path]) => path !== ".gitattributes"));

function edit(files: Map<string, File>, random: Random, change: (lines: string[], at: number) => void): void {
  const chosen = anyText(files, random);
  if (!chosen) return;
  const [path, file] = chosen;
  const lines = linesOf(file);
  // at every third line, so that changes often meet and often just miss each other
  change(lines, Math.min(lines.length, 3 * random.below(Math.max(1, Math.ceil(lines.length / 3)))));
  files.set(path, { ...file, data: Buffer.from(lines.join(""), "latin1") });
}

const newLine = (random: Random): string =>
  random.chance(0.4) ? `${random.pick(words)}\n` : `mine ${random.below(3)}\n`;

const acts: readonly [weight: number, act: Act][] = [
  [10, (files, random) => edit(files, random, (lines, at) => lines.splice(at, 1 + random.below(3), newLine(random)))],
  [6, (files, random) => edit(files, random, (lines, at) => lines.splice(at, 0, newLine(random), newLine(random)))],
  [5, (files, random) => edit(files, random, (lines, at) => lines.splice(at, 1 + random.below(3)))],
  // everybody who makes this change makes the same one
  [5, (files, random) => edit(files, random, (lines, at) => lines.splice(at, 2, "agreed\n", "upon\n"))],
  [2, (files, random) => edit(files, random, (lines) => lines.push(newLine(random)))],
  [1, (files, random) => edit(files, random, (lines) => lines.splice(-1, 1, (lines.at(-1) ?? "").replace(/\n$/, "")))],
  [
    1,
    (files, random) =>
      edit(files, random, (lines) =>
        lines.splice(0, lines.length, ...lines.map((line) => line.replace(/\r?\n$/, "\r\n"))),
      ),
  ],
  [1, (files, random) => edit(files, random, (lines) => lines.splice(0, lines.length))],
  [
    3,
    (files, random) => {
      const [path] = anyFile(files, random) ?? [];
      if (path) files.delete(path);
    },
  ],
  [
    4,
    (files, random) => {
      const path = `${random.pick(folders)}new${random.below(4)}.txt`;
      if (fits(files, path)) files.set(path, text(Array.from({ length: random.below(4) }, () => newLine(random))));
    },
  ],
  [
    3,
    (files, random) => {
      const [path, file] = anyFile(files, random) ?? [];
      const to = `${random.pick(folders)}${random.chance(0.5) ? "moved" : "other"}${random.below(3)}.txt`;
      if (path && file) move(files, path, to, file, random);
    },
  ],
  [
    1,
    (files, random) => {
      const [path, file] = anyFile(files, random) ?? [];
      if (path && file) move(files, path, path.toUpperCase(), file, random);
    },
  ],
  [
    2,
    (files, random) => {
      const [from, to] = [random.pick(folders), random.pick(["core/", "src/", "lib/ui/", "pkg/a/"])];
      if (from === "" || to.startsWith(from)) return;
      for (const [path, file] of [...files])
        if (path.startsWith(from)) move(files, path, to + path.slice(from.length), file, random);
    },
  ],
  [
    1,
    (files, random) => {
      const [path, file] = anyText(files, random) ?? [];
      if (path && file) files.set(path, { ...file, mode: file.mode === "100644" ? "100755" : "100644" });
    },
  ],
  [
    1,
    (files, random) => {
      const [path] = anyFile(files, random) ?? [];
      if (path) files.set(path, { mode: "120000", data: Buffer.from(`to${random.below(3)}`) });
    },
  ],
  [1, (files, random) => files.set("lib/logo.bin", { mode: "100644", data: Buffer.from([0, 7, random.below(3)]) })],
  [
    1,
    (files, random) =>
      files.set("vendor", { mode: "160000", data: Buffer.from(String(2 + random.below(3)).repeat(40)) }),
  ],
  [
    1,
    (files, random) => {
      const [path] = anyFile(files, random) ?? [];
      if (!path) return;
      files.delete(path);
      files.set(`${path}/inside${random.below(2)}.txt`, text(["inside\n"]));
    },
  ],
  [
    1,
    (files, random) => {
      const folder = random.pick(folders).replace(/\/$/, "");
      if (folder === "") return;
      for (const path of [...files.keys()]) if (path.startsWith(`${folder}/`)) files.delete(path);
      if (fits(files, folder)) files.set(folder, text(["was a folder\n"]));
    },
  ],
];

const bag: readonly Act[] = acts.flatMap(([weight, act]) => new Array<Act>(weight).fill(act));

export function change(files: Files, random: Random, times: number): Map<string, File> {
  const changed = new Map(files);
  for (let i = 0; i < times; i++) random.pick(bag)(changed, random);
  return changed;
}

function move(files: Map<string, File>, from: string, to: string, file: File, random: Random): void {
  if (from === to || !fits(files, to, from)) return;
  files.delete(from);
  const edited =
    isText(file) && random.chance(0.3) ? { ...file, data: Buffer.concat([file.data, Buffer.from("moved\n")]) } : file;
  files.set(to, edited);
}

/** A path that is neither taken nor a folder, nor below a file. */
function fits(files: Files, path: string, instead?: string): boolean {
  for (const other of files.keys())
    if (other !== instead && (other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
      return false;
  return true;
}
