/**
 * The provider of the local platform's resources, as Pulumi calls it: in process by the embedded engine, as a plugin by
 * the CLI. It holds nothing between calls and makes no Outputs.
 */
import type * as pulumi from "@pulumi/pulumi/provider";
import { SwitchyardError } from "../../config/errors";
import { equal, hasUnknown, unwrap, type Values } from "../../config/wire";
import { LocalRuntime } from "../client";
import { packageVersion } from "../package";
import type { Call, Kind } from "./kind";
import { alarmSet } from "./kinds/alarm-set";
import { loadBalancer } from "./kinds/load-balancer";
import { namespace } from "./kinds/namespace";
import { route } from "./kinds/route";
import { targetGroup } from "./kinds/target-group";
import { teamData } from "./kinds/team-data";
import { workload } from "./kinds/workload";

const kinds = new Map<string, Kind>([
  ["Namespace", namespace],
  ["TeamData", teamData],
  ["LoadBalancer", loadBalancer],
  ["TargetGroup", targetGroup],
  ["AlarmSet", alarmSet],
  ["Workload", workload],
  ["Route", route],
]);

/** `urn:pulumi:<stack>::<project>::<parent types>$<package>:index:<Type>::<name>` */
function kindOf(urn: string): Kind {
  const type = urn.split("::")[2]?.split(":").at(-1) ?? "";
  const found = kinds.get(type);
  if (found) return found;
  throw new SwitchyardError("unexpected", `the local provider has no resource type ${type} (${urn})`);
}

function callOf(urn: string, values: Values): Call {
  const stack = (urn.split("::")[0] ?? "").split(":")[2] ?? "";
  const environment = stack.split(".")[0];
  return { stack, runtime: new LocalRuntime(String(unwrap(values.runtimeDir)), { environment }) };
}

/** Engines show the message alone, so it says everything. */
async function explained<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    const { code, message, next, facts } = error;
    throw new SwitchyardError(code, `${code}: ${message}. ${next}`, { next, facts, cause: error });
  }
}

export class LocalProvider implements pulumi.Provider {
  readonly version = packageVersion();

  async check(urn: string, olds: Values, news: Values): Promise<pulumi.CheckResult> {
    return { inputs: news, failures: kindOf(urn).check(news, olds, callOf(urn, news)) };
  }

  async diff(_id: string, urn: string, olds: Values, news: Values): Promise<pulumi.DiffResult> {
    const { properties, replaceOn, deleteBeforeReplace } = kindOf(urn);
    const changed = properties.filter(
      (key) => hasUnknown(unwrap(news[key])) || !equal(unwrap(olds[key]), unwrap(news[key])),
    );
    const replaces = changed.filter((key) => replaceOn.includes(key));
    return { changes: changed.length > 0, replaces, deleteBeforeReplace };
  }

  create(urn: string, inputs: Values): Promise<pulumi.CreateResult> {
    return explained(async () => {
      const { id, more } = await kindOf(urn).create(inputs, callOf(urn, inputs));
      return { id, outs: { ...inputs, ...more } };
    });
  }

  update(_id: string, urn: string, olds: Values, news: Values): Promise<pulumi.UpdateResult> {
    return explained(async () => {
      const more = await kindOf(urn).update(news, olds, callOf(urn, news));
      return { outs: { ...news, ...more } };
    });
  }

  read(id: string, urn: string, outputs: Values): Promise<pulumi.ReadResult> {
    return explained(async () => {
      const kind = kindOf(urn);
      const actual = await kind.read(outputs, callOf(urn, outputs));
      if (!actual) return { id: "", props: {} };
      // What has not changed keeps its envelope.
      const drifted = Object.keys(actual).filter(
        (key) => kind.properties.includes(key) && !equal(unwrap(outputs[key]), actual[key]),
      );
      const props: Values = { ...outputs, ...Object.fromEntries(drifted.map((key) => [key, actual[key]])) };
      const inputs = kind.properties.filter((key) => key in props).map((key) => [key, props[key]]);
      return { id, props, inputs: Object.fromEntries(inputs) };
    });
  }

  delete(_id: string, urn: string, outputs: Values): Promise<void> {
    return explained(() => kindOf(urn).delete(outputs, callOf(urn, outputs)));
  }
}
