/**
 * HAProxy's counters and log lines, as the counters that the embedded load balancer keeps. Numbers of requests and answers
 * come from HAProxy's own counters, which are exact; latencies come from its log, since it has no histogram, and the log may
 * miss lines when HAProxy's threads write at the same moment.
 */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { SlotCounters } from "../lb/slot";
import { backendsOf } from "./config";

type Row = Map<string, number>;

export class Counting {
  /** HAProxy's counters begin anew with each reload; ours only grow. */
  private last = new Map<string, Row>();

  constructor(private readonly countersOf: (team: string, slot: string) => SlotCounters) {}

  take(stats: Map<string, Row>, slots: Iterable<{ team: string; slot: string }>): void {
    for (const { team, slot } of slots) {
      const counters = this.countersOf(team, slot);
      const { http, webSocket } = backendsOf(team);
      counters.inFlight = stats.get(`${http}/${slot}`)?.get("scur") ?? 0;
      counters.webSockets = stats.get(`${webSocket}/${slot}`)?.get("scur") ?? 0;
      for (const server of [`${http}/${slot}`, `${webSocket}/${slot}`]) {
        const row = stats.get(server);
        if (row !== undefined) this.add(counters, row, this.last.get(server));
      }
    }
    this.last = stats;
  }

  /** Latencies and the time of the last request, line by line: "http:ai slot-1 200 3 --". Other lines are HAProxy's own messages. */
  readLog(stream: Readable): void {
    createInterface({ input: stream }).on("line", (line) => {
      const [backend = "", slot = "", , latency = ""] = line.split(" ");
      const team = /^(?:http|ws):(.+)$/.exec(backend)?.[1];
      if (team === undefined || slot === "<NOSRV>" || !/^-?\d+$/.test(latency)) return;
      const counters = this.countersOf(team, slot);
      counters.lastRequestAtMs = Date.now();
      // -1: no answer began.
      if (Number(latency) >= 0) counters.observe(Number(latency));
    });
  }

  private add(counters: SlotCounters, row: Row, before: Row | undefined): void {
    const since = (name: string): number => {
      const now = row.get(name) ?? 0;
      const was = before?.get(name) ?? 0;
      return now >= was ? now - was : now;
    };
    const failures = since("econ") + since("eresp");
    counters.failures += failures;
    counters.requests += failures;
    for (const kind of [1, 2, 3, 4, 5]) {
      const answers = since(`hrsp_${kind}xx`);
      counters.addAnswers(kind, answers);
      counters.requests += answers;
      if (kind === 1) counters.webSocketsOpened += answers;
    }
  }
}
