import * as pulumi from "@pulumi/pulumi";
import type { Platforms } from "../../components/platforms";
import { switchyardProgram } from "../../components/program";
import { parseEnvironment } from "../../config/load";
import type { ReleaseConfig, SlotVersion, TeamSettings } from "../../config/settings";

export interface Registration {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  protect: boolean;
  ignoreChanges: string[];
  retainOnDelete: boolean;
  /** The name of the provider's resource that it was given. */
  provider: string | undefined;
}

interface Run {
  stack: string;
  /** Keys of namespace `switchyard`, without it. */
  config?: Record<string, unknown>;
  secretKeys?: string[];
  /** Outputs of other stacks, and of the running one's last operation. */
  stacks?: Record<string, Record<string, unknown>>;
  /** Instead of those that are offered to people. */
  platforms?: Platforms;
}

/** Runs the program against Pulumi's own mocks: what it registers, and what it would publish. */
export async function runProgram({ stack, config = {}, secretKeys = [], stacks = {}, platforms }: Run) {
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: { ...inputs, url: "http://127.0.0.1:8080" } }),
    call: ({ inputs }) => {
      const outputs = stacks[String(inputs.name).replace("organization/switchyard/", "")];
      if (outputs !== undefined) return { name: inputs.name, outputs, secretOutputNames: [] };
      const message = `unknown stack "${inputs.name}"`;
      throw Object.assign(new Error(message), { details: message });
    },
  };
  await pulumi.runtime.setMocks(mocks, "switchyard", stack, false, "organization");
  const text = Object.entries(config).map(([key, value]) => [
    `switchyard:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(text),
    secretKeys.map((key) => `switchyard:${key}`),
  );
  const seen: pulumi.ResourceTransformationArgs[] = [];
  let published: Record<string, unknown> = {};
  let failure: unknown;
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation((args) => {
      seen.push(args);
      return undefined;
    });
    try {
      published = await switchyardProgram({ projectDir: "/project", platforms });
    } catch (error) {
      // the SDK would end the process over it
      failure = error;
    }
    return published;
  });
  await pulumi.runtime.disconnect();
  if (failure !== undefined) throw failure;
  const outputs = await plain<Record<string, unknown>>(published);
  const names = new Map(seen.map(({ resource, name }) => [resource, name]));
  const registrations = await Promise.all(
    seen.map(async ({ type, name, props, opts, resource }): Promise<Registration> => {
      const { __protect: protect = false } = resource as { __protect?: boolean };
      const { ignoreChanges = [], retainOnDelete = false, provider } = opts as pulumi.CustomResourceOptions;
      return {
        type,
        name,
        inputs: await plain(props),
        protect,
        ignoreChanges,
        retainOnDelete,
        provider: provider && names.get(provider),
      };
    }),
  );
  return { registrations, published, outputs };
}

/** An output's value, secrets opened. */
export function plain<T>(output: unknown): Promise<T> {
  const settled = pulumi.output(output) as unknown as pulumi.Output<T>;
  return new Promise((resolve) => {
    settled.apply((value) => resolve(value as T));
  });
}

/** A team's settings as environment `dev` publishes them. */
export function settingsOf(team: string, change: Partial<TeamSettings> = {}): TeamSettings {
  const config = parseEnvironment({ file: "none", values: {}, mistakes: [] }).teams[team];
  if (config === undefined) throw new Error(`no team ${team}`);
  return {
    version: 1,
    environment: "dev",
    team,
    platform: "local",
    slots: config.slots.map((name, i) => ({
      name,
      targetGroup: `${team}-${name}`,
      host: "127.0.0.1",
      port: 21001 + i,
    })),
    entry: { host: "127.0.0.1", port: 8080, paths: config.paths },
    config,
    secretEnv: {},
    local: { runtimeDir: "/project/run", dataDir: "/project/data", databaseFile: "/project/data/team.sqlite" },
    ...change,
  };
}

export const version = (letter: string, more: Partial<SlotVersion> = {}): SlotVersion => ({
  version: letter.repeat(40),
  ref: `feature/${letter}`,
  artifact: `/artifacts/${letter}`,
  start: ["node", "server.js"],
  ...more,
});

export const release = (change: Partial<ReleaseConfig>): ReleaseConfig => ({
  id: "r1",
  epoch: 1,
  revision: 1,
  live: null,
  slots: { "slot-3": null, "slot-4": null },
  weights: { "slot-3": 0, "slot-4": 0 },
  ...change,
});

/** What a team stack that holds this release has published. */
export const recordOf = ({ id, ...release }: ReleaseConfig): Record<string, unknown> => ({
  team: "ai-workflow",
  release: id,
  ...release,
});
