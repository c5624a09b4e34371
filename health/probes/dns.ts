import { Resolver } from "node:dns/promises";
import { performance } from "node:perf_hooks";
import type { Probe } from "../check";
import { result, timed } from "./results";

export const recordTypes = ["A", "AAAA", "CNAME", "MX", "NS", "TXT"] as const;

export interface DnsSpec {
  name: string;
  type?: (typeof recordTypes)[number];
  /** `127.0.0.1:5353`; without, the system's own. */
  server?: string;
  /** Records that must be among the answers. */
  expect?: string[];
  slowAfterMs?: number;
}

/** A name has records, asked of a name server and never of a cache or a hosts file. */
export const dnsProbe =
  ({ name, type = "A", server, expect = [], slowAfterMs }: DnsSpec): Probe =>
  async (signal) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    if (server !== undefined) resolver.setServers([server]);
    const stop = () => resolver.cancel();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const began = performance.now();
      const found: unknown = await resolver.resolve(name, type);
      const records = Array.isArray(found) ? found.map(recordText) : [];
      const ms = performance.now() - began;
      if (records.length === 0) return result("fail", `${name} has no ${type} record`);
      const missing = expect.filter((one) => !records.includes(one));
      if (missing.length > 0) return result("fail", `${name} has no ${type} record ${missing.join(", ")}`);
      return timed(
        ms,
        slowAfterMs,
        `${name} has ${records.length} ${type} ${records.length === 1 ? "record" : "records"}`,
      );
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };

/** `["a", "b"]` of a TXT record is one text in pieces; an MX record is told by its host. */
function recordText(record: unknown): string {
  if (Array.isArray(record)) return record.join("");
  if (typeof record === "object" && record !== null && "exchange" in record) return String(record.exchange);
  return String(record);
}
