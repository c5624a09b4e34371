import * as pulumi from "@pulumi/pulumi";
import type { DataSpec, EnvironmentResources } from "./platform";
import { type Transform, transformed } from "./transform";

export interface TeamDataArgs extends DataSpec {
  platform: Pick<EnvironmentResources, "data">;
  /** The data lives in the namespace, and so goes before it. */
  namespace: pulumi.Resource;
  transform?: { data?: Transform<DataSpec> };
}

/** A team's data store: on `local` a directory and a SQLite file in it. */
export class TeamData extends pulumi.ComponentResource {
  readonly nodes: { data: pulumi.Resource };

  constructor(name: string, args: TeamDataArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TeamData", name, {}, options);
    const data = createData(this, name, args);
    this.nodes = { data };
    this.registerOutputs({});
  }
}

function createData(parent: TeamData, name: string, args: TeamDataArgs): pulumi.Resource {
  const spec: DataSpec = { settings: args.settings, deleteData: args.deleteData };
  const options = { parent, dependsOn: [args.namespace] };
  return args.platform.data(name, ...transformed(args.transform?.data, spec, options));
}
