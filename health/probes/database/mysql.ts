import { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import type { Probe } from "../../check";
import { type Condition, judged, type ServerSpec } from "./judge";

/** MySQL and MariaDB. */
export const mysqlProbe =
  (spec: ServerSpec): Probe =>
  async (signal) => {
    const { host, port, user, password, database, tls } = spec;
    const socket = new Socket();
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error("no answer until the deadline")), { once: true });
      socket.on("error", reject);
    });
    const work = async () => {
      const connection = await createConnection({
        host,
        port,
        user,
        password,
        database,
        ...(tls && { ssl: {} }),
        stream: () => socket.connect(port, host),
        multipleStatements: false,
      });
      // the session cannot change anything, whatever the query says
      await connection.query("SET SESSION TRANSACTION READ ONLY");
      const began = performance.now();
      await connection.query(spec.query ?? "SELECT 1");
      const ms = performance.now() - began;
      return judged(ms, spec, await conditionOf(connection, spec.maxLagMs !== undefined));
    };
    try {
      return await Promise.race([work(), stopped]);
    } finally {
      socket.destroy();
    }
  };

/** Asking for the lag takes the privilege REPLICATION CLIENT: only who wants to know needs it. */
async function conditionOf(connection: Connection, withLag: boolean): Promise<Condition> {
  const [threads] = await connection.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const [limits] = await connection.query<RowDataPacket[]>("SELECT @@max_connections AS most");
  const connections = { used: Number(threads[0]?.Value), most: Number(limits[0]?.most) };
  if (!withLag) return { connections };
  const [replicas] = await connection.query<RowDataPacket[]>("SHOW REPLICA STATUS");
  const [replica] = replicas;
  if (replica === undefined) return { connections };
  const seconds: unknown = replica.Seconds_Behind_Source ?? replica.Seconds_Behind_Master;
  // null: the replication does not run, which is as far behind as can be
  return { connections, lagMs: typeof seconds === "number" ? seconds * 1000 : Number.POSITIVE_INFINITY };
}
