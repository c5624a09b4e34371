/** What one side changed, file by file: the difference of two trees. */
import type { Quarantine } from "../git";
import { foldersAbove, pathText } from "./paths";

export interface Change {
  kind: "added" | "deleted" | "modified";
  /** As git writes them, for example 100644; 000000: there is none. */
  oldMode: string;
  newMode: string;
  oldOid: string;
  newOid: string;
}

export interface Delta {
  changes: ReadonlyMap<string, Change>;
  added: readonly string[];
  /** Folders of the base that the side has no more. */
  removedFolders: readonly string[];
  /** Folders in which the side deleted something, on any level. */
  thinnedFolders: ReadonlySet<string>;
  /** Without a deleted file beside an added one, git has nothing to take for a rename. */
  canRename: boolean;
}

export interface TreePair {
  base: string;
  side: string;
}

const folderMode = "040000";

/** One git process for all; the answer is in the order of the question. */
export async function readDeltas(quarantine: Quarantine, pairs: readonly TreePair[]): Promise<Delta[]> {
  if (pairs.length === 0) return [];
  const input = pairs.map(({ base, side }) => `${base} ${side}\n`).join("");
  const args = ["diff-tree", "--stdin", "-r", "-t", "-z", "--raw", "--no-renames", "--no-abbrev"];
  const { stdout } = await quarantine.inPlain(args, { input });
  const found = parseDeltas(stdout);
  // git prints nothing for a pair of equal trees
  return pairs.map(({ base, side }) => found.get(`${base} ${side}`) ?? makeDelta([]));
}

type Entry = [path: string, change: Change];

function parseDeltas(output: Buffer): Map<string, Delta> {
  const deltas = new Map<string, Delta>();
  let header: string | undefined;
  let entries: Entry[] = [];
  const close = () => {
    if (header !== undefined) deltas.set(header, makeDelta(entries));
    entries = [];
  };
  for (let at = 0; at < output.length; ) {
    if (output[at] !== colon) {
      const end = output.indexOf(newline, at);
      close();
      header = output.toString("latin1", at, end);
      at = end + 1;
      continue;
    }
    const endOfFields = output.indexOf(0, at);
    const endOfPath = output.indexOf(0, endOfFields + 1);
    const [oldMode = "", newMode = "", oldOid = "", newOid = "", status = ""] = output
      .toString("latin1", at + 1, endOfFields)
      .split(" ");
    const kind = status === "A" ? "added" : status === "D" ? "deleted" : "modified";
    const path = pathText(output.subarray(endOfFields + 1, endOfPath));
    entries.push([path, { kind, oldMode, newMode, oldOid, newOid }]);
    at = endOfPath + 1;
  }
  close();
  return deltas;
}

const colon = ":".charCodeAt(0);
const newline = "\n".charCodeAt(0);

function makeDelta(entries: readonly Entry[]): Delta {
  const changes = new Map<string, Change>();
  const added: string[] = [];
  const removedFolders: string[] = [];
  const thinnedFolders = new Set<string>();
  let deletes = false;
  for (const [path, change] of entries) {
    if (change.oldMode === folderMode || change.newMode === folderMode) {
      if (change.oldMode === folderMode && change.newMode !== folderMode) removedFolders.push(path);
      continue;
    }
    changes.set(path, change);
    if (change.kind === "added") added.push(path);
    if (change.kind === "deleted") {
      deletes = true;
      for (const folder of foldersAbove(path)) thinnedFolders.add(folder);
    }
  }
  return { changes, added, removedFolders, thinnedFolders, canRename: deletes && added.length > 0 };
}
