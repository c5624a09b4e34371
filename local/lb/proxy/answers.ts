/** Answers that the load balancer gives itself. They are JSON, name team and slot, and carry `x-switchyard-error`. */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { errorHeader } from "../../api";

export interface OwnAnswer {
  status: number;
  code: "no-route" | "no-weight" | "bad-request" | "slot-unavailable" | "slot-timeout";
  message: string;
  team?: string;
  slot?: string;
  retryAfterSeconds?: number;
}

export function answerOwn(response: ServerResponse, answer: OwnAnswer): void {
  const { status, code, message, team, slot } = answer;
  const text = JSON.stringify({ error: { code, message }, team, slot });
  const headers: OutgoingHttpHeaders = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    [errorHeader]: code,
  };
  if (answer.retryAfterSeconds !== undefined) headers["retry-after"] = String(answer.retryAfterSeconds);
  response.writeHead(status, headers);
  response.end(text);
}

export const noRoute = (path: string): OwnAnswer => ({
  status: 404,
  code: "no-route",
  message: `no team's route takes ${path}`,
});

export const noWeight = (team: string): OwnAnswer => ({
  status: 503,
  code: "no-weight",
  message: `team ${team} has no live version: no slot of its route has weight`,
  team,
  retryAfterSeconds: 1,
});

export const badRequest = (message: string): OwnAnswer => ({ status: 400, code: "bad-request", message });
