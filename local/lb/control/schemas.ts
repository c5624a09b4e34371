/** The admin API's door: everything that comes in, and everything the record file holds, is checked here. */
import { z } from "zod";
import type { AlarmRule, RouteSpec, TargetGroupSpec } from "../../api";

const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "expected a name of letters, digits, dots, hyphens and underscores");
/** No control characters and no spaces: it becomes a part of a request line or of a proxy's config. */
const pathSchema = z
  .string()
  .max(1024)
  .regex(/^\/[\x21-\x7e]*$/, "expected a path that starts with /");
const prefixSchema = pathSchema.regex(/^[^?#]*$/, "expected a path without ? and #");
const milliseconds = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);
const counter = z.int().min(0);

export const targetGroupSchema: z.ZodType<TargetGroupSpec> = z.strictObject({
  team: nameSchema,
  slot: nameSchema,
  host: z.union([z.hostname(), z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65_535),
  health: z.strictObject({
    path: pathSchema,
    intervalMs: milliseconds,
    timeoutMs: milliseconds,
    healthyAfter: z.int().min(1),
    unhealthyAfter: z.int().min(1),
  }),
  drainMs: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  requestTimeoutMs: milliseconds,
});

const positionSchema = z.strictObject({ epoch: counter, revision: counter });
export type Position = z.infer<typeof positionSchema>;

export const routeSchema: z.ZodType<RouteSpec> = z
  .strictObject({
    team: nameSchema,
    paths: z.array(prefixSchema).min(1),
    targetGroups: z.record(nameSchema, nameSchema),
    weights: z.record(nameSchema, z.int().min(0).max(100)),
    live: nameSchema.nullable(),
    epoch: counter,
    revision: counter,
    release: z.string().max(256),
  })
  .superRefine((route, context) => {
    for (const slot of Object.keys(route.weights))
      if (!Object.hasOwn(route.targetGroups, slot))
        context.addIssue({
          code: "custom",
          path: ["weights", slot],
          message: "expected a slot that has a target group",
        });
    if (route.live !== null && !Object.hasOwn(route.targetGroups, route.live))
      context.addIssue({ code: "custom", path: ["live"], message: "expected a slot that has a target group" });
  });

export const alarmsSchema: z.ZodType<AlarmRule[]> = z.array(
  z.strictObject({
    name: z.string().min(1).max(256),
    metric: z.enum(["error-rate", "latency-p99-ms", "latency-p50-ms", "unhealthy", "failed-requests"]),
    threshold: z.number(),
    windowMs: milliseconds,
    minimumRequests: counter,
  }),
);

export const recordSchema = z.strictObject({
  version: z.literal(1),
  targetGroups: z.record(z.string(), targetGroupSchema),
  routes: z.record(z.string(), routeSchema),
  alarms: z.record(z.string(), alarmsSchema),
  /** (epoch, revision) of routes that were deleted. */
  tombstones: z.record(z.string(), positionSchema),
  /** When the drain of a target group's open connections ends, RFC 3339. */
  drains: z.record(z.string(), z.iso.datetime()),
});
export type LbRecord = z.infer<typeof recordSchema>;

export const emptyRecord = (): LbRecord => ({
  version: 1,
  targetGroups: {},
  routes: {},
  alarms: {},
  tombstones: {},
  drains: {},
});

/** "weights.slot-1: expected …", all mistakes at once. */
export const mistakes = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `${path.length === 0 ? "the body" : path.join(".")}: ${message}`).join("; ");
