/** The team's rules on the difference of two readings of a slot's counters. Pure. */
import type { BakeRule, SlotCounters } from "../../components";

export interface Judgement {
  rule: string;
  verdict: "pass" | "fail" | "no-data";
  evidence: string;
}

/** 95 %, one-sided. */
const z = 1.645;

/**
 * Lower end of Wilson's score interval for a share: "at least this much, with 95 % confidence". It keeps one bad answer of
 * ten from looking like 10 % of all. (E. B. Wilson, JASA 22 (1927) 209-212.)
 */
function wilsonLower(hits: number, total: number): number {
  if (total === 0) return 0;
  const share = hits / total;
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  return (share + (z * z) / (2 * total) - spread) / (1 + (z * z) / total);
}

export function judge(rule: BakeRule, before: SlotCounters, now: SlotCounters): Judgement {
  if (rule.metric === "unhealthy") {
    const bad = now.healthy === false;
    return {
      rule: rule.name,
      verdict: bad ? "fail" : "pass",
      evidence: bad ? "the load balancer's health check fails" : "healthy",
    };
  }
  const total = now.requests - before.requests;
  const finished = now.latencyCounts.reduce((sum, count, i) => sum + count - (before.latencyCounts[i] ?? 0), 0);
  if (rule.metric === "error-rate") {
    if (total < rule.minimumRequests) return tooFew(rule, total);
    const bad = now.serverErrors - before.serverErrors + now.failures - before.failures;
    const verdict = wilsonLower(bad, total) > rule.threshold ? "fail" : "pass";
    return {
      rule: rule.name,
      verdict,
      evidence: `${bad} of ${total} requests failed, at most ${percent(rule.threshold)} may`,
    };
  }
  if (finished < rule.minimumRequests) return tooFew(rule, finished);
  const slow = now.latencyCounts.reduce((sum, count, i) => {
    const from = i === 0 ? 0 : (now.latencyBoundsMs[i - 1] ?? 0);
    return from >= rule.threshold ? sum + count - (before.latencyCounts[i] ?? 0) : sum;
  }, 0);
  // a 99th percentile above the limit is the same as more than 1 % of answers above it
  const verdict = wilsonLower(slow, finished) > 0.01 ? "fail" : "pass";
  return {
    rule: rule.name,
    verdict,
    evidence: `${slow} of ${finished} answers took longer than ${rule.threshold} ms, at most 1 % may`,
  };
}

const tooFew = (rule: BakeRule, found: number): Judgement => ({
  rule: rule.name,
  verdict: "no-data",
  evidence: `${found} requests, and ${rule.minimumRequests} are needed`,
});

const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`;
