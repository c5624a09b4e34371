import type { Records } from "../../store";
import type { Lease } from "./lease";

/** One line of the journal. An intent is on disk before its effect begins; a result comes after it. */
export interface JournalEntry {
  release: string;
  seq: number;
  /** RFC 3339 with ms. */
  at: string;
  /** `intent` and `result` of a phase's effect; `write` and `written` of the stack's config and route; `direct` past the stack. */
  kind: "intent" | "result" | "write" | "written" | "direct";
  data: Record<string, unknown>;
}

export interface Journal {
  write(kind: JournalEntry["kind"], data: Record<string, unknown>): JournalEntry;
}

/**
 * Goes on after the last entry of the release, if there is one. `onEntry` is called when the entry is on disk. Writing
 * throws `lease-lost` once another driver has the lease.
 */
export function openJournal(
  records: Records,
  release: string,
  lease: Lease,
  onEntry: (entry: JournalEntry) => void,
): Journal {
  const [last] = records.all("SELECT max(seq) AS seq FROM journal WHERE release = ?", release);
  let seq = Number(last?.seq ?? 0);
  return {
    write(kind, data) {
      seq += 1;
      const entry: JournalEntry = { release, seq, at: new Date().toISOString(), kind, data };
      lease.holding(() =>
        records.run(
          "INSERT INTO journal (release, seq, at, kind, data) VALUES (?, ?, ?, ?, ?)",
          release,
          seq,
          entry.at,
          kind,
          JSON.stringify(data),
        ),
      );
      onEntry(entry);
      return entry;
    },
  };
}
