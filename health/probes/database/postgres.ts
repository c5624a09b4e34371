import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { Client } from "pg";
import type { Probe } from "../../check";
import { type Condition, judged, type ServerSpec } from "./judge";

/** A replica that has applied all it received is not behind, however long ago the last transaction was. */
const conditionQuery = `
  SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int AS used,
    current_setting('max_connections')::int AS most,
    CASE WHEN NOT pg_is_in_recovery() THEN NULL
      WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
      ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 * 1000 END AS lag`;

export const postgresProbe =
  (spec: ServerSpec): Probe =>
  async (signal) => {
    const socket = new Socket();
    const { host, port, user, password, database, tls } = spec;
    const client = new Client({
      host,
      port,
      user,
      password,
      database,
      ssl: tls ?? false,
      stream: () => socket,
      application_name: "switchyard-health",
      // the session cannot change anything, whatever the query says
      options: "-c default_transaction_read_only=on",
    });
    const failed = new Promise<never>((_, reject) => {
      client.on("error", reject);
      signal.addEventListener("abort", () => reject(new Error("no answer until the deadline")), { once: true });
    });
    const work = async () => {
      await client.connect();
      const began = performance.now();
      await client.query(spec.query ?? "SELECT 1");
      const ms = performance.now() - began;
      const { rows } = await client.query<{ used: number; most: number; lag: number | null }>(conditionQuery);
      return judged(ms, spec, conditionOf(rows[0]));
    };
    try {
      return await Promise.race([work(), failed]);
    } finally {
      // a server that hangs would not answer a goodbye either
      socket.destroy();
    }
  };

function conditionOf(row: { used: number; most: number; lag: number | null } | undefined): Condition {
  if (row === undefined) return {};
  return { connections: { used: row.used, most: row.most }, ...(row.lag !== null && { lagMs: row.lag }) };
}
