/** Which files are merged in their own way: by an attribute `merge` of the base's .gitattributes, or of the machine's. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Quarantine } from "../git";
import { pathBytes, pathText } from "./paths";

/** Puts the base's attribute files where git looks for them, so that everybody gets the same verdict on every machine. */
export async function layOutAttributes(quarantine: Quarantine, base: string): Promise<void> {
  await rm(quarantine.workTree, { recursive: true, force: true });
  await mkdir(quarantine.workTree);
  const { stdout } = await quarantine.inPlain(["ls-tree", "-r", "-z", "--full-tree", base]);
  for (const line of records(stdout)) {
    const [fields = "", file = ""] = line.split("\t", 2);
    const [mode, , blob = ""] = fields.split(" ");
    if (!/(^|\/)\.gitattributes$/.test(file) || !mode?.startsWith("100") || !isPlain(file)) continue;
    const { stdout: content } = await quarantine.inPlain(["cat-file", "blob", blob]);
    const place = Buffer.from(path.join(quarantine.workTree, file), "latin1");
    await mkdir(Buffer.from(path.dirname(place.toString("latin1")), "latin1"), { recursive: true });
    await writeFile(place, content);
  }
}

/** A tree that was made by hand may hold names that lead elsewhere. */
const isPlain = (file: string): boolean => file.split("/").every((part) => !["", ".", "..", ".git"].includes(part));

/** Those of the paths that git does not merge as plain text. */
export async function mergedSpecially(quarantine: Quarantine, paths: readonly string[]): Promise<Set<string>> {
  if (paths.length === 0) return new Set();
  const input = Buffer.concat(paths.flatMap((file) => [pathBytes(file), Buffer.of(0)]));
  const { stdout } = await quarantine.inRepository(["check-attr", "-z", "--stdin", "merge"], { input });
  const fields = records(stdout);
  const special = new Set<string>();
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const [file, , value] = fields.slice(i, i + 3);
    if (file !== undefined && value !== "unspecified" && value !== "set" && value !== "text") special.add(file);
  }
  return special;
}

/** Fields that end with a zero byte. */
function records(output: Buffer): string[] {
  const fields = pathText(output).split("\0");
  fields.pop();
  return fields;
}
