import { setTimeout as sleep } from "node:timers/promises";
import axios from "axios";
import type { LivePlatform } from "../../components";
import type { GateResult } from "../api";

const hitsInARow = 5;
const deadlineMs = 10_000;
const pauseMs = 5;

/**
 * Proves a switch from outside: samples through the load balancer until only `slot` answers, so many times in a row.
 * With `slot` null (weights 0/0) until nobody answers.
 */
export async function converged(
  live: LivePlatform,
  path: string,
  slot: string | null,
  signal: AbortSignal,
): Promise<GateResult> {
  const gate = "convergence";
  const began = Date.now();
  let inARow = 0;
  let samples = 0;
  let last = "nothing answered";
  while (Date.now() - began < deadlineMs) {
    signal.throwIfAborted();
    samples += 1;
    const found = await answeringSlot(live, path, signal);
    inARow = found === slot ? inARow + 1 : 0;
    if (inARow >= hitsInARow) {
      return {
        gate,
        verdict: "pass",
        evidence: `${slot ?? "no slot"} answered ${inARow} times in a row, ${samples} samples in ${Date.now() - began} ms`,
      };
    }
    last = `${found ?? "no slot"} answered`;
    if (found !== slot) await sleep(pauseMs, undefined, { signal });
  }
  return {
    gate,
    verdict: "fail",
    evidence: `after ${deadlineMs} ms and ${samples} samples ${last} instead of ${slot ?? "no slot"}`,
  };
}

async function answeringSlot(live: LivePlatform, path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await axios.get(`${live.entryUrl()}${path}`, {
      timeout: 1000,
      signal,
      validateStatus: () => true,
      proxy: false,
      maxRedirects: 0,
      responseType: "text",
    });
    const slot: unknown = answer.headers[live.slotHeader];
    return typeof slot === "string" ? slot : null;
  } catch {
    // refused or timed out: that is nobody's answer, and the caller counts it as such
    return null;
  }
}
