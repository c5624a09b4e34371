import { z } from "zod";
import { kind } from "../kind";
import { absolutePath, host, milliseconds, name, port } from "./shared";

const schema = z.strictObject({
  runtimeDir: absolutePath,
  name,
  team: name,
  slot: name,
  host,
  port,
  health: z.strictObject({
    path: z.string().startsWith("/"),
    intervalMs: milliseconds,
    timeoutMs: milliseconds,
    healthyAfter: z.int().min(1),
    unhealthyAfter: z.int().min(1),
  }),
  drainMs: milliseconds,
  requestTimeoutMs: milliseconds,
});

export const targetGroup = kind(schema, {
  id: (inputs) => inputs.name,
  replaceOn: ["runtimeDir", "name"],
  async create({ runtimeDir: _, name: key, ...spec }, { runtime }) {
    await runtime.putTargetGroup(key, spec);
    return {};
  },
  async update({ runtimeDir: _, name: key, ...spec }, _olds, { runtime }) {
    await runtime.putTargetGroup(key, spec);
    return {};
  },
  async read({ name: key }, { runtime }) {
    const held = (await runtime.revivedLoadBalancer()).targetGroups[key];
    if (!held) return undefined;
    const { team, slot, host: at, port: number, health, drainMs, requestTimeoutMs } = held;
    return { team, slot, host: at, port: number, health, drainMs, requestTimeoutMs };
  },
  delete: ({ name: key }, { runtime }) => runtime.removeTargetGroup(key),
});
