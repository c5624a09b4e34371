/** Who changed what: from a path or a folder to the branches that touch it. Nothing in here compares two branches by all their files. */
import type { Delta } from "./delta";
import { foldersAbove } from "./paths";

export interface PathIndex {
  add(branch: string, delta: Delta): void;
  remove(branch: string, delta: Delta): void;
  /** Other branches that changed one of the delta's files, each with the files in common. */
  sharing(branch: string, delta: Delta): Map<string, string[]>;
  /** Other branches with which files and folders meet in a way that only git can judge. */
  entangled(branch: string, delta: Delta): Set<string>;
}

export function createPathIndex(): PathIndex {
  const touching = new Map<string, Set<string>>();
  const adding = new Map<string, Set<string>>();
  const addingBelow = new Map<string, Set<string>>();
  /** Where a folder may have been renamed: git moves along what others add to it. */
  const removing = new Map<string, Set<string>>();

  const places = (delta: Delta): [Map<string, Set<string>>, Iterable<string>][] => [
    [touching, delta.changes.keys()],
    [adding, delta.added],
    [addingBelow, new Set(delta.added.flatMap(foldersAbove))],
    [removing, delta.canRename ? delta.removedFolders : []],
  ];

  return {
    add(branch, delta) {
      for (const [map, keys] of places(delta))
        for (const key of keys) {
          const branches = map.get(key);
          if (branches) branches.add(branch);
          else map.set(key, new Set([branch]));
        }
    },
    remove(branch, delta) {
      for (const [map, keys] of places(delta))
        for (const key of keys) {
          const branches = map.get(key);
          branches?.delete(branch);
          if (branches?.size === 0) map.delete(key);
        }
    },
    sharing(branch, delta) {
      const found = new Map<string, string[]>();
      for (const path of delta.changes.keys())
        for (const other of touching.get(path) ?? []) {
          if (other === branch) continue;
          const paths = found.get(other);
          if (paths) paths.push(path);
          else found.set(other, [path]);
        }
      return found;
    },
    entangled(branch, delta) {
      const found = new Set<string>();
      const meet = (others: Set<string> | undefined) => {
        for (const other of others ?? []) if (other !== branch) found.add(other);
      };
      if (delta.canRename) for (const folder of delta.removedFolders) meet(addingBelow.get(folder));
      for (const path of delta.added) {
        // a file where the other side has a folder
        meet(addingBelow.get(path));
        for (const folder of foldersAbove(path)) {
          meet(adding.get(folder));
          meet(removing.get(folder));
        }
      }
      return found;
    },
  };
}
