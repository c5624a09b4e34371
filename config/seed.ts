/** The two teams that ship as the default. A third is an entry beside them in `Pulumi.<environment>.yaml`. */
import type { TeamConfigInput } from "./team";

export const seedTeams: Record<string, TeamConfigInput> = {
  "realtime-collaboration": {
    branchPrefix: "feature/realtime",
    slots: ["slot-1", "slot-2"],
    paths: ["/api/realtime", "/api/collaboration"],
    health: { endpoints: ["/api/realtime/health", "/api/collaboration/status"], webSocket: "/api/realtime/socket" },
    metrics: ["active_connections", "message_latency", "sync_conflicts"],
    conflicts: { resolution: "automatic", report: "summary" },
  },
  "ai-workflow": {
    branchPrefix: "feature/ai-workflow",
    slots: ["slot-3", "slot-4"],
    paths: ["/api/ai", "/api/workflow", "/api/agents"],
    health: { endpoints: ["/api/ai/health", "/api/workflow/status", "/api/agents/ping"] },
    metrics: ["active_workflows", "ai_response_time", "agent_utilization"],
    conflicts: { resolution: "manual", report: "detailed" },
  },
};
