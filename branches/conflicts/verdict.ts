/** What the matrix says. Lines are counted from 1; paths are text. */

export interface Lines {
  from: number;
  /** 0: nothing stands there; it is where something would go. */
  count: number;
}

export interface ConflictRange {
  /** In the base's file, and in each branch's own. */
  base: Lines;
  ours: Lines;
  theirs: Lines;
}

export interface FileConflict {
  path: string;
  /** As git names it: `content`, `add/add`, `modify/delete`, `rename/delete`, `binary`, … */
  kind: string;
  /** Empty where only git can tell, and where it is the whole file. */
  ranges: ConflictRange[];
}

/** Both changed a file, closely beside each other, and it merges. */
export interface NearMiss {
  path: string;
  /** Unchanged lines between the two changes. */
  distance: number;
  ours: Lines;
  theirs: Lines;
}

export interface BranchVerdict {
  branch: string;
  commit: string;
  state:
    | "clean"
    | "conflict"
    /** The base has all of it. */
    | "merged"
    /** No history in common with the base. */
    | "unrelated";
  /** The base is in it as it is now. */
  upToDate: boolean;
  /** With the base; empty unless the state is `conflict`. */
  files: FileConflict[];
}

export interface PairVerdict {
  ours: string;
  theirs: string;
  state:
    | "clean"
    | "conflict"
    /** One of them conflicts with the base (or has none in common), which must be settled first; `files` are those both changed. */
    | "blocked";
  files: FileConflict[];
  nearMisses: NearMiss[];
  /** Who decided: the index of hunks, or a merge by git. */
  by: "index" | "git";
}
