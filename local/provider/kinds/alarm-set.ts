import { z } from "zod";
import { kind } from "../kind";
import { absolutePath, milliseconds, name } from "./shared";

const rule = z.strictObject({
  name: z.string().min(1),
  metric: z.enum(["error-rate", "latency-p99-ms", "latency-p50-ms", "unhealthy", "failed-requests"]),
  threshold: z.number(),
  windowMs: milliseconds,
  minimumRequests: z.int().min(0),
});
const schema = z.strictObject({ runtimeDir: absolutePath, team: name, rules: z.array(rule) });

export const alarmSet = kind(schema, {
  id: ({ team }) => team,
  replaceOn: ["runtimeDir", "team"],
  async create({ team, rules }, { runtime }) {
    await runtime.putAlarms(team, rules);
    return {};
  },
  async update({ team, rules }, _, { runtime }) {
    await runtime.putAlarms(team, rules);
    return {};
  },
  async read({ team }, { runtime }) {
    await runtime.revivedLoadBalancer();
    const stats = await runtime.stats(team);
    return stats && { rules: stats.alarms };
  },
  async delete({ team }, { runtime }) {
    await runtime.removeAlarms(team);
  },
});
