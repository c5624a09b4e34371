/** Since when a conflict is known, over restarts of the watch. */
import type { Records } from "../../store";

/** A conflict with the base is the pair of the branch and the base. */
interface Pair {
  ours: string;
  theirs: string;
}

export interface Since {
  /** RFC 3339; `now`, where it was not known yet. */
  begin(pair: Pair, now: string): string;
  end(pair: Pair): void;
  /** Ends all that are not in the list. */
  keep(pairs: readonly Pair[]): void;
}

export function conflictsSince(records: Records, repository: string): Since {
  const where = "WHERE repository = ? AND ours = ? AND theirs = ?";
  const end = ({ ours, theirs }: Pair) =>
    void records.run(`DELETE FROM branch_conflict ${where}`, repository, ours, theirs);
  return {
    begin({ ours, theirs }, now) {
      const insert = "INSERT OR IGNORE INTO branch_conflict (repository, ours, theirs, since) VALUES (?, ?, ?, ?)";
      records.run(insert, repository, ours, theirs, now);
      const [row] = records.all(`SELECT since FROM branch_conflict ${where}`, repository, ours, theirs);
      return String(row?.since ?? now);
    },
    end,
    keep(pairs) {
      const kept = new Set(pairs.map(({ ours, theirs }) => `${ours} ${theirs}`));
      const rows = records.all("SELECT ours, theirs FROM branch_conflict WHERE repository = ?", repository);
      for (const row of rows) {
        const pair = { ours: String(row.ours), theirs: String(row.theirs) };
        if (!kept.has(`${pair.ours} ${pair.theirs}`)) end(pair);
      }
    },
  };
}
