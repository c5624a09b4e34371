import type { Records } from "../../store";
import type { JournalEntry } from "../api";
import type { Lease } from "./lease";

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
