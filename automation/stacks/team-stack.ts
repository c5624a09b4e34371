import type { Stack } from "@pulumi/pulumi/automation";
import { teamRecord } from "../../components";
import type { EnvironmentName } from "../../config/environment";
import { messageOf } from "../../config/errors";
import type { ReleaseConfig, RouteState, SlotVersion } from "../../config/settings";
import type { Lease } from "../journal";
import type { Project } from "../project";
import { asSwitchyardError } from "./failures";
import { type OperationOptions, operate } from "./operation";
import { openStack } from "./workspace";

/** What is, as the stack's resources say it. */
export interface Held {
  route: RouteState;
  slots: Record<string, SlotVersion | null>;
}

export interface TeamStack {
  name: string;
  /** From now on operations are this driver's, and stop where they are when another one takes over. */
  drivenUnder(lease: Pick<Lease, "isOurs">): void;
  /** undefined: the stack has no route yet. */
  held(): Promise<Held | undefined>;
  /** Writes the release config and runs `up`. Throws a `SwitchyardError`. */
  apply(wanted: ReleaseConfig, options?: OperationOptions): Promise<void>;
  /** Pulumi's own words. */
  preview(wanted: ReleaseConfig): Promise<string>;
  destroy(options?: OperationOptions): Promise<void>;
}

const configKey = "switchyard:release";

export async function openTeam(
  project: Project,
  environment: EnvironmentName,
  team: string,
  folder: string,
): Promise<TeamStack> {
  const name = `${environment}.${team}`;
  let mayWrite = () => true;
  const stack = await openStack(project, environment, name, folder, () => mayWrite());
  const want = async (wanted: ReleaseConfig) => {
    // the folder is this driver's own, so the file is written without asking an engine to do it
    const settings = await stack.workspace.stackSettings(name).catch(() => ({}));
    await stack.workspace.saveStackSettings(name, { ...settings, config: { [configKey]: JSON.stringify(wanted) } });
  };
  return {
    name,
    drivenUnder(lease) {
      mayWrite = () => lease.isOurs();
    },
    held: () => readHeld(stack),
    async apply(wanted, options = {}) {
      await want(wanted);
      await operate(stack, "up", options);
    },
    async preview(wanted) {
      await want(wanted);
      try {
        return (await stack.preview()).stdout;
      } catch (thrown) {
        throw asSwitchyardError(thrown, name, [messageOf(thrown)]);
      }
    },
    destroy: (options = {}) => operate(stack, "destroy", options),
  };
}

interface Exported {
  resources?: { urn: string; type: string; custom: boolean; parent?: string; outputs?: Record<string, unknown> }[];
}

/**
 * The route from the resource below `TrafficRoute` itself: after a failed operation the stack's outputs may say what it
 * wanted. Slots come from the stack's outputs, which take them from the workloads.
 */
async function readHeld(stack: Stack): Promise<Held | undefined> {
  try {
    const { deployment } = await stack.exportStack();
    const resources = (deployment as Exported | undefined)?.resources ?? [];
    const components = new Set(
      resources.filter(({ type }) => type === "switchyard:index:TrafficRoute").map(({ urn }) => urn),
    );
    const route = resources.find(
      ({ custom, parent }) => custom && parent !== undefined && components.has(parent),
    )?.outputs;
    if (route === undefined) return undefined;
    const record = teamRecord(resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs);
    const {
      live = null,
      weights,
      epoch,
      revision,
      release,
    } = route as unknown as RouteState & { live?: string | null };
    return { route: { live, weights, epoch, revision, release }, slots: record?.slots ?? {} };
  } catch (thrown) {
    throw asSwitchyardError(thrown, stack.name, []);
  }
}
