/** HAProxy's log lines, turned into the same counters that the embedded load balancer keeps: it has no latency histogram itself. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { SlotCounters } from "../lb/slot";

export type CountersOf = (team: string, slot: string) => SlotCounters;

export function countLog(stream: Readable, countersOf: CountersOf): void {
  createInterface({ input: stream }).on("line", (line) => countLine(line, countersOf));
}

/** "http:ai slot-1 200 3 --"; lines of another form are HAProxy's own messages. */
export function countLine(line: string, countersOf: CountersOf): void {
  const [backend = "", slot = "", status = "", latency = "", state = ""] = line.split(" ");
  const team = /^(?:http|ws):(.+)$/.exec(backend)?.[1];
  if (team === undefined || slot === "<NOSRV>" || state.length < 2) return;
  const counters = countersOf(team, slot);
  counters.requests += 1;
  counters.lastRequestAtMs = Date.now();
  const ended = state.charAt(0);
  // First letter: who ended it. S, s: the slot (refused, broken off, timed out); P, R, I: HAProxy itself; C, c: the client.
  if ("SsPRI".includes(ended)) counters.failures += 1;
  else if (Number(latency) >= 0) {
    counters.answered(Number(status), Number(latency));
    if (status === "101") counters.webSocketsOpened += 1;
  }
}
