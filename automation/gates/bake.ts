import { setTimeout as sleep } from "node:timers/promises";
import axios from "axios";
import type { LivePlatform, SlotCounters } from "../../components";
import { messageOf } from "../../config/errors";
import type { GateResult } from "../api";
import { type Judgement, judge } from "./rules";

const pollMs = 50;
const longestProbePauseMs = 200;
const shortestProbePauseMs = 20;
/** How much longer than the bake the watch may take until it has its minimum sample: a busy machine is no missing data. */
const sampleGraceMs = 2_000;
/** Readings that fail in a row before the watch counts as blind. */
const blindAfter = 20;

interface Watch {
  live: LivePlatform;
  slot: string;
  /** A path of the team's that may be asked at any time. */
  probePath: string;
  durationMs: number;
  /** Of all requests, the part that the weights send to the slot: 0 to 1. */
  share: number;
  signal: AbortSignal;
}

/**
 * Watches the candidate under traffic and fails at the first rule that is broken, over the rule's window or over the whole
 * watch. The driver asks through the load balancer meanwhile, so that a quiet team has data too; without the minimum
 * sample the verdict is no-data, never a pass.
 */
export async function bakeGate(watch: Watch): Promise<GateResult> {
  const gate = "bake";
  const { live, slot, durationMs, share, signal } = watch;
  const rules = await live.rules();
  const needed = Math.max(1, ...rules.map((rule) => rule.minimumRequests));
  const probing = new AbortController();
  const probes = probe(
    watch,
    Math.min(longestProbePauseMs, Math.max(shortestProbePauseMs, (durationMs * share) / (2 * needed))),
    probing.signal,
  );
  try {
    const readings: { at: number; counters: SlotCounters }[] = [];
    const until = Date.now() + durationMs;
    let blind = 0;
    let since: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      try {
        const reading = await live.traffic();
        // a load balancer that was started again counts from nothing: so does the watch
        if (reading.since !== since) readings.length = 0;
        since = reading.since;
        const counters = reading.slots[slot];
        if (counters) readings.push({ at: Date.parse(reading.at), counters });
        blind = 0;
      } catch (thrown) {
        blind += 1;
        if (blind >= blindAfter)
          return { gate, verdict: "error", evidence: `the counters cannot be read: ${messageOf(thrown)}` };
      }
      const first = readings[0];
      const last = readings.at(-1);
      if (first && last) {
        const judged = rules.flatMap((rule) => {
          const inWindow = readings.findLast(({ at }) => at <= last.at - rule.windowMs) ?? first;
          return [judge(rule, inWindow.counters, last.counters), judge(rule, first.counters, last.counters)];
        });
        const broken = judged.find(({ verdict }) => verdict === "fail");
        if (broken) return { gate, verdict: "fail", evidence: `${broken.rule}: ${broken.evidence}` };
        if (Date.now() >= until) {
          const whole = rules.map((rule) => judge(rule, first.counters, last.counters));
          const short = rules.length > 0 && whole.some(({ verdict }) => verdict === "no-data");
          if (!short || Date.now() >= until + sampleGraceMs) return conclusion(whole, durationMs);
        }
      } else if (Date.now() >= until)
        return { gate, verdict: "no-data", evidence: `${slot} was not in the load balancer's counters` };
      // what is older than every window is needed no more, but for the very first
      const keepFrom = (last?.at ?? 0) - 2 * Math.max(0, ...rules.map((rule) => rule.windowMs));
      while (readings.length > 2 && (readings[1]?.at ?? 0) < keepFrom) readings.splice(1, 1);
      await sleep(pollMs, undefined, { signal });
    }
  } finally {
    probing.abort();
    await probes;
  }
}

function conclusion(judged: Judgement[], durationMs: number): GateResult {
  const gate = "bake";
  const unknown = judged.filter(({ verdict }) => verdict === "no-data");
  if (judged.length === 0) return { gate, verdict: "no-data", evidence: "the team has no rules to judge by" };
  if (unknown.length > 0)
    return {
      gate,
      verdict: "no-data",
      evidence: unknown.map(({ rule, evidence }) => `${rule}: ${evidence}`).join("; "),
    };
  return {
    gate,
    verdict: "pass",
    evidence: `in ${durationMs} ms: ${judged.map(({ rule, evidence }) => `${rule}: ${evidence}`).join("; ")}`,
  };
}

async function probe({ live, probePath }: Watch, pauseMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // its answer is counted by the load balancer like everybody's; here it does not matter
    await axios
      .get(`${live.entryUrl()}${probePath}`, {
        timeout: 2000,
        signal,
        validateStatus: () => true,
        proxy: false,
        maxRedirects: 0,
      })
      .catch(() => undefined);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
