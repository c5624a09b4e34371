import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, SwitchyardError } from "../config/errors";

const schema = `
  CREATE TABLE IF NOT EXISTS lease (
    stack TEXT PRIMARY KEY, owner TEXT, pid INTEGER, host TEXT, epoch INTEGER NOT NULL,
    heartbeat_ms INTEGER NOT NULL, ttl_ms INTEGER NOT NULL, abort_reason TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS release (
    id TEXT PRIMARY KEY, stack TEXT NOT NULL, environment TEXT NOT NULL, team TEXT NOT NULL,
    started_at TEXT NOT NULL, outcome TEXT, record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS release_by_stack ON release (stack, started_at);
  CREATE TABLE IF NOT EXISTS journal (
    release TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (release, seq)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS branch_event (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, repository TEXT NOT NULL, branch TEXT NOT NULL, action TEXT NOT NULL,
    who TEXT NOT NULL, before TEXT, after TEXT, detail TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS branch_conflict (
    repository TEXT NOT NULL, ours TEXT NOT NULL, theirs TEXT NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (repository, ours, theirs)
  ) STRICT;
`;

type Value = string | number | null;

/** A records file. Several processes may have it open; each statement is on disk when its call returns. */
export interface Records {
  all(sql: string, ...values: Value[]): Record<string, unknown>[];
  /** The number of rows changed. */
  run(sql: string, ...values: Value[]): number;
  /** All or nothing, and nobody else writes meanwhile. */
  atomically<T>(work: () => T): T;
  close(): void;
}

/** Throws `state-damaged` where the file is not what it should be; it is then left as it was. */
export function openRecords(file: string): Records {
  mkdirSync(dirname(file), { recursive: true });
  let database: DatabaseSync | undefined;
  try {
    const isNew = !existsSync(file);
    database = new DatabaseSync(file);
    database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.exec(schema);
    if (isNew) chmodSync(file, 0o600);
    return records(database);
  } catch (thrown) {
    database?.close();
    throw new SwitchyardError("state-damaged", `The records file ${file} cannot be used: ${messageOf(thrown)}.`, {
      next: `Move it aside (mv ${file} ${file}.damaged) and run \`switchyard resume\`: what is live is decided from Pulumi's state and the load balancer.`,
      facts: { file },
      cause: thrown,
    });
  }
}

function records(database: DatabaseSync): Records {
  return {
    all: (sql, ...values) => database.prepare(sql).all(...values) as Record<string, unknown>[],
    run: (sql, ...values) => Number(database.prepare(sql).run(...values).changes),
    atomically(work) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (thrown) {
        database.exec("ROLLBACK");
        throw thrown;
      }
    },
    close: () => database.close(),
  };
}
