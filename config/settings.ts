/**
 * The two documents that pass between an environment stack, its team stacks and the driver.
 * Both are plain JSON: the first is the environment stack's output `team:<name>`, the second is the team stack's config
 * `switchyard:release`.
 */
import { z } from "zod";
import type { EnvironmentConfig } from "./environment";
import { slotNameSchema, type TeamConfig } from "./team";

/** A version running (or to run) in a slot. `null` in a slot's place: the slot is empty. */
export const slotVersionSchema = z.strictObject({
  version: z.string().describe("the commit, 40 hex digits"),
  ref: z.string().describe("what the person asked for, for example feature/realtime-cursors"),
  artifact: z.string().describe("local: the directory of the built version; elsewhere: the image by digest"),
  start: z.array(z.string()).min(1).describe("the command, as an argument list; never through a shell"),
  stopAfter: z
    .string()
    .optional()
    .describe("RFC 3339; a slot without traffic is stopped at this time (end of the warm window)"),
});
export type SlotVersion = z.infer<typeof slotVersionSchema>;

/** What a release wants of a team stack. Stored as the team stack's config `switchyard:release`. */
export const releaseConfigSchema = z.strictObject({
  id: z.string().describe("the release that wrote this"),
  epoch: z.int().min(0),
  revision: z.int().min(0).describe("grows by one with each change inside one epoch"),
  live: slotNameSchema.nullable(),
  slots: z.record(slotNameSchema, slotVersionSchema.nullable()),
  weights: z.record(slotNameSchema, z.int().min(0).max(100)),
});
export type ReleaseConfig = z.infer<typeof releaseConfigSchema>;

/** Outputs of the `TrafficRoute` resource: what is. `slots` is not in it: a route knows no versions. */
export interface RouteState {
  live: string | null;
  weights: Record<string, number>;
  epoch: number;
  revision: number;
  release: string;
}

/** Does `a` come after `b` in the one order that fences writers: by epoch, then by revision? */
export function isNewer(a: { epoch: number; revision: number }, b: { epoch: number; revision: number }): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.revision > b.revision);
}

/**
 * The environment stack's output `team:<name>`: everything a team stack and the driver need to know.
 * It is the only way settings reach a team stack; a field is added with a default, and `version` grows with a break.
 */
export interface TeamSettings {
  version: 1;
  environment: string;
  team: string;
  platform: "local" | "kubernetes" | "aws";
  slots: SlotSettings[];
  /** Where users' requests arrive, and which of them are the team's. */
  entry: { host: string; port: number; paths: string[] };
  /** What the team's versions must merge with; undefined where the environment was brought up before that was published. */
  branches?: EnvironmentConfig["branches"];
  /** The team's config as validated, defaults filled in; secrets are not in it. */
  config: TeamConfig;
  /** Secret environment variables of the slots: a secret of the stack. */
  secretEnv: Record<string, string>;
  /** What the platform alone needs to find its things again. */
  local?: { runtimeDir: string; dataDir: string; databaseFile: string };
  kubernetes?: {
    context: string;
    server?: string;
    /** Absolute. */
    kubeconfig?: string;
    namespace: string;
    /** The route's parent. */
    gateway: { name: string; namespace: string };
    /** Where users' requests arrive. */
    url: string;
  };
}

export interface SlotSettings {
  name: string;
  /** The target group's permanent name and address. */
  targetGroup: string;
  host: string;
  port: number;
}
