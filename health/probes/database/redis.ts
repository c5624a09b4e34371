import { performance } from "node:perf_hooks";
import { Redis } from "ioredis";
import type { Probe } from "../../check";
import { result } from "../results";
import { type Condition, judged, type ServerSpec } from "./judge";

/** `PING`, and what `INFO` says. A replica that lost its master fails. */
export const redisProbe =
  (spec: Omit<ServerSpec, "query">): Probe =>
  async (signal) => {
    const { host, port, user, password, database, tls } = spec;
    const redis = new Redis({
      host,
      port,
      ...(user !== undefined && { username: user }),
      ...(password !== undefined && { password }),
      ...(database !== undefined && { db: Number(database) }),
      ...(tls && { tls: {} }),
      lazyConnect: true,
      // one probe is one attempt
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      connectionName: "switchyard-health",
    });
    const failed = new Promise<never>((_, reject) => {
      redis.on("error", reject);
      signal.addEventListener("abort", () => reject(new Error("no answer until the deadline")), { once: true });
    });
    const work = async () => {
      await redis.connect();
      const began = performance.now();
      await redis.ping();
      const ms = performance.now() - began;
      const info = infoOf(await redis.info());
      if (info.get("loading") === "1") return result("fail", "it is still loading its data");
      if (info.get("master_link_status") === "down") return result("fail", "the replica has lost its master");
      return judged(ms, spec, conditionOf(info));
    };
    try {
      return await Promise.race([work(), failed]);
    } finally {
      redis.disconnect();
    }
  };

const infoOf = (text: string): Map<string, string> =>
  new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf(":");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );

function conditionOf(info: Map<string, string>): Condition {
  const used = info.get("connected_clients");
  const most = info.get("maxclients");
  const silent = info.get("master_last_io_seconds_ago");
  return {
    ...(used !== undefined && most !== undefined && { connections: { used: Number(used), most: Number(most) } }),
    ...(silent !== undefined && { lagMs: Number(silent) * 1000 }),
  };
}
