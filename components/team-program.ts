/** A team stack: what a release changes, on the settings that the environment stack published. */
import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { SwitchyardError } from "../config/errors";
import { parseRelease } from "../config/load";
import { stackConfig } from "../config/pulumi";
import { isNewer, type ReleaseConfig, type TeamSettings } from "../config/settings";
import { environmentRecord } from "./guards";
import { type Platforms, platformOf } from "./platforms";
import { stackOutputs } from "./stack-outputs";
import { type TeamRecord, teamRecord } from "./team-record";
import { TeamRelease } from "./team-release";

export async function teamProgram(
  environment: string,
  team: string,
  platforms?: Platforms,
): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  const [published, own] = await Promise.all([stackOutputs(environment), stackOutputs(stack)]);
  const settings = teamSettings(environment, team, published);
  const release = parseRelease(stackConfig(), settings) ?? nothingYet(settings);
  const held = teamRecord(own);
  if (held !== undefined) refuseStale(stack, release, held);

  const platform = platformOf(settings.platform, settings.environment, platforms).release(settings);
  const { route, slots } = new TeamRelease(team, { platform, settings, release, held });
  const { live, weights, epoch, revision, release: id } = route;
  return { team, live, weights, epoch, revision, release: id, slots };
}

function teamSettings(environment: string, team: string, published: Record<string, unknown> | undefined): TeamSettings {
  const { teams } = environmentRecord(published ?? {});
  const names = Object.keys(teams);
  if (names.length === 0) {
    throw new SwitchyardError(
      "environment-down",
      `Environment ${environment} has not been brought up, so team ${team} has nothing to stand on.`,
      {
        next: `Run \`switchyard up ${environment}\`, or \`pulumi up -s ${environment}\`.`,
      },
    );
  }
  const settings = teams[team];
  if (settings === undefined)
    throw new SwitchyardError(
      "unknown-team",
      `Environment ${environment} has no team ${team}; it has ${names.join(", ")}.`,
    );
  if (settings.version !== 1)
    throw new SwitchyardError(
      "environment-down",
      `Environment ${environment} was brought up by another version of Switchyard.`,
    );
  return settings;
}

/** Two empty slots. Epoch 0 is older than any driver's. */
function nothingYet(settings: TeamSettings): ReleaseConfig {
  const slots = settings.slots.map((slot) => slot.name);
  return {
    id: "",
    epoch: 0,
    revision: 0,
    live: null,
    slots: Object.fromEntries(slots.map((slot) => [slot, null])),
    weights: Object.fromEntries(slots.map((slot) => [slot, 0])),
  };
}

/**
 * Config by hand, or left over in a folder, is refused when it is behind the state. At the same epoch and revision it must
 * be the very same release: whoever changes anything counts the revision up.
 */
function refuseStale(stack: string, wanted: ReleaseConfig, held: TeamRecord): void {
  if (isNewer(wanted, held)) return;
  const same = !isNewer(held, wanted) && isDeepStrictEqual(comparable(wanted, held), comparable(held, held));
  if (same) return;
  const behind = isNewer(held, wanted);
  const [mine, its] = [wanted, held].map(({ epoch, revision }) => `epoch ${epoch}, revision ${revision}`);
  const message = behind
    ? `The release config of ${stack} (${mine}) is behind its state (${its}).`
    : `The release config of ${stack} has other content than its state, at the same ${mine}.`;
  throw new SwitchyardError("stale-config", message, {
    next: `Run \`pulumi config refresh -s ${stack}\`, which brings the config of the last operation back.`,
    facts: {
      stack,
      wanted: { epoch: wanted.epoch, revision: wanted.revision },
      held: { epoch: held.epoch, revision: held.revision },
    },
  });
}

/** Slots that are not named are empty, and weights that are not named are 0. */
function comparable({ live, slots, weights }: Pick<TeamRecord, "live" | "slots" | "weights">, held: TeamRecord) {
  return Object.keys(held.slots).map((slot) => ({
    slot,
    live: slot === live,
    version: slots[slot] ?? null,
    weight: weights[slot] ?? 0,
  }));
}
