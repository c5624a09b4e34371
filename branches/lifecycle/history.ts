/** Who did what to which branch, from this project folder. */
import type { Records } from "../../store";

export interface BranchEvent {
  /** RFC 3339 */
  at: string;
  branch: string;
  action: "create" | "sync" | "finish" | "prune" | "restore";
  who: string;
  /** Commits; null: the branch was not there. */
  before: string | null;
  after: string | null;
  /** One sentence. */
  detail: string;
}

export interface BranchHistory {
  write(event: Omit<BranchEvent, "at">): BranchEvent;
  /** Newest first. */
  read(where: { branch?: string | undefined; limit: number }): BranchEvent[];
}

/** `repository` keeps apart what different clones say. */
export function branchHistory(records: Records, repository: string): BranchHistory {
  return {
    write(event) {
      const at = new Date().toISOString();
      records.run(
        "INSERT INTO branch_event (at, repository, branch, action, who, before, after, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        at,
        repository,
        event.branch,
        event.action,
        event.who,
        event.before,
        event.after,
        event.detail,
      );
      return { at, ...event };
    },
    read({ branch, limit }) {
      const rows = records.all(
        "SELECT at, branch, action, who, before, after, detail FROM branch_event WHERE repository = ? AND branch = coalesce(?, branch) ORDER BY id DESC LIMIT ?",
        repository,
        branch ?? null,
        limit,
      );
      return rows as unknown as BranchEvent[];
    },
  };
}
