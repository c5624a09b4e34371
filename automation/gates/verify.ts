import { setTimeout as sleep } from "node:timers/promises";
import axios from "axios";
import { WebSocket } from "ws";
import type { LivePlatform, SlotCondition } from "../../components";
import { messageOf } from "../../config/errors";
import type { TeamConfig } from "../../config/team";
import { parseDurationMs } from "../../config/units";
import type { GateResult } from "../api";

const pauseMs = 50;
/** Started again this often during its verification, a candidate is not going to get well. */
const crashes = /started again (\d+) times/;

/**
 * The candidate, asked directly: each health endpoint answers 2xx, the WebSocket opens, and the load balancer's own check
 * sees it healthy; all of it in one round, by the deadline.
 */
export async function healthGate(
  live: LivePlatform,
  slot: string,
  config: TeamConfig,
  signal: AbortSignal,
): Promise<GateResult> {
  const gate = "candidate health";
  const deadlineMs = parseDurationMs(config.release.verifyTimeout);
  const began = Date.now();
  for (;;) {
    const wrong = await firstFault(live, slot, config, signal);
    const ms = Date.now() - began;
    if (wrong === undefined) {
      const checks = `${config.health.endpoints.length} endpoints${config.health.webSocket ? " and the WebSocket" : ""}`;
      return {
        gate,
        verdict: "pass",
        evidence: `${checks} answered, and the load balancer sees ${slot} healthy, after ${ms} ms`,
      };
    }
    const { state, detail } = await live.slot(slot).catch(notKnown);
    const hopeless = state === "stopped" || (state === "failing" && Number(crashes.exec(detail)?.[1] ?? 0) >= 2);
    if (ms > deadlineMs || hopeless) {
      const condition = state === "failing" || state === "stopped" ? `; the slot: ${detail}` : "";
      const waited = hopeless ? `gave up after ${ms} ms` : `not healthy after ${config.release.verifyTimeout}`;
      return { gate, verdict: "fail", evidence: `${waited}: ${wrong}${condition}` };
    }
    await sleep(pauseMs, undefined, { signal });
  }
}

/** A platform that is busy starting others' slots may be late with its answer; there is time until the deadline. */
const notKnown = (thrown: unknown): SlotCondition => ({ state: "starting", version: null, detail: messageOf(thrown) });

async function firstFault(
  live: LivePlatform,
  slot: string,
  { health }: TeamConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  const timeout = parseDurationMs(health.timeout);
  for (const endpoint of health.endpoints) {
    const url = `${live.slotUrl(slot)}${endpoint}`;
    try {
      const { status } = await axios.get(url, {
        timeout,
        signal,
        validateStatus: () => true,
        proxy: false,
        maxRedirects: 0,
        maxContentLength: 1 << 20,
        responseType: "text",
      });
      if (status < 200 || status > 299) return `${endpoint} answered ${status}`;
    } catch (thrown) {
      signal.throwIfAborted();
      return `${endpoint}: ${messageOf(thrown)}`;
    }
  }
  if (health.webSocket) {
    const fault = await webSocketFault(`${live.slotUrl(slot).replace(/^http/, "ws")}${health.webSocket}`, timeout);
    if (fault !== undefined) return `${health.webSocket}: ${fault}`;
  }
  const { slots } = await live.traffic();
  return slots[slot]?.healthy ? undefined : "the load balancer's health check has not seen it healthy yet";
}

function webSocketFault(url: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { handshakeTimeout: timeoutMs });
    socket.once("open", () => {
      socket.close(1000);
      resolve(undefined);
    });
    socket.once("error", (error) => resolve(messageOf(error)));
  });
}
