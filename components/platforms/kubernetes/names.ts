/** Names and labels that clusters, dashboards and people's scripts rely on: a contract. */
import type { TeamSettings } from "../../../config/settings";

/** Labels and annotations of ours begin with this. */
export const domain = "switchyard.dev";

export const labelKeys = {
  environment: `${domain}/environment`,
  team: `${domain}/team`,
  slot: `${domain}/slot`,
  version: `${domain}/version`,
} as const;

/** On a team's route: who wrote it, in the one order that fences writers. The cluster refuses an older one. */
export const routeAnnotations = {
  epoch: `${domain}/epoch`,
  revision: `${domain}/revision`,
  live: `${domain}/live`,
  release: `${domain}/release`,
} as const;

/**
 * Slots and routes are the stack's alone: a field that somebody took over, with `kubectl scale` or another apply, must not be a
 * reason for the cluster to refuse a release, and even less a rollback. Both engines' providers know the annotation.
 */
export const ours = { "pulumi.com/patchForce": "true" };

/** The port that a slot's containers listen on, and its Service. */
export const slotPort = 8080;

export const dataFolder = "/data";

/** One HTTPRoute for each team, in its namespace. */
export const routeName = "traffic";
export const dataClaim = "data";
export const alarmsName = "alarms";
export const serviceAccount = "slot";
export const slotSecret = (slot: string) => `${slot}-env`;

/** The environment's own namespace and its Gateway. */
export const entryNamespace = (environment: string) => `switchyard-${environment}`;
export const gatewayName = "entry";

/** At most 48 characters, since a team's name has at most 40. */
export const teamNamespace = (environment: string, team: string) => `${environment}-${team}`;

export function environmentLabels(environment: string): Record<string, string> {
  return { "app.kubernetes.io/managed-by": "switchyard", [labelKeys.environment]: environment };
}

export function teamLabels({ environment, team }: Pick<TeamSettings, "environment" | "team">): Record<string, string> {
  return { ...environmentLabels(environment), [labelKeys.team]: team };
}

/** What selects a slot's pods. It never changes, so that a Deployment is never replaced: a version is no part of it. */
export function slotSelector(team: string, slot: string): Record<string, string> {
  return { [labelKeys.team]: team, [labelKeys.slot]: slot };
}
