import { SwitchyardError } from "../../config/errors";
import type { SlotVersion } from "../../config/settings";
import type { Records } from "../../store";
import type { ReleaseReport } from "../api";
import type { Release } from "../release/state";

/** Everything that a take-over needs to go on with a release, saved with each transition. */
export interface ReleaseRecord {
  report: Omit<ReleaseReport, "outcome" | "reason"> & { outcome: ReleaseReport["outcome"] | null; reason: string };
  state: Release;
  /** What was live before anything moved: the way back, computed in `plan`. */
  before: { live: string | null; weights: Record<string, number> };
  /** The candidate, once it is built. */
  candidate: SlotVersion | null;
}

type Attempt = Pick<ReleaseReport, "id" | "environment" | "team" | "version" | "ref" | "from" | "to">;

/** The report of a release of which nothing has happened yet. */
export const openReport = (attempt: Attempt): ReleaseRecord["report"] => ({
  ...attempt,
  outcome: null,
  reason: "",
  phases: [],
  gates: [],
  switches: [],
});

export function saveRelease(records: Records, stack: string, record: ReleaseRecord): void {
  const { id, environment, team, outcome, phases } = record.report;
  const startedAt = phases[0]?.startedAt ?? new Date().toISOString();
  records.run(
    `INSERT INTO release (id, stack, environment, team, started_at, outcome, record) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, record = excluded.record`,
    id,
    stack,
    environment,
    team,
    startedAt,
    outcome,
    JSON.stringify(record),
  );
}

/** Newest first. `ended`: only those with an outcome. */
export function findReleases(
  records: Records,
  where: { environment: string; team?: string | undefined; ended?: boolean; limit: number },
): ReleaseRecord[] {
  const rows = records.all(
    "SELECT id, record FROM release WHERE environment = ? AND team = coalesce(?, team) AND (outcome IS NOT NULL OR ?) ORDER BY started_at DESC, rowid DESC LIMIT ?",
    where.environment,
    where.team ?? null,
    where.ended ? 0 : 1,
    where.limit,
  );
  return rows.map(parse);
}

/** The release that a driver left without an outcome, or that was halted while its candidate has traffic; undefined: none. */
export function lastUnfinished(records: Records, stack: string): ReleaseRecord | undefined {
  const rows = records.all(
    "SELECT id, record FROM release WHERE stack = ? ORDER BY started_at DESC, rowid DESC LIMIT 1",
    stack,
  );
  const last = rows.map(parse).at(0);
  const open = last?.report.outcome === null || (last?.report.outcome === "halted" && last.state.exposed);
  return open ? last : undefined;
}

function parse(row: Record<string, unknown>): ReleaseRecord {
  try {
    return JSON.parse(String(row.record)) as ReleaseRecord;
  } catch (thrown) {
    throw new SwitchyardError("state-damaged", `The record of release ${String(row.id)} is not readable.`, {
      cause: thrown,
    });
  }
}
