import * as pulumi from "@pulumi/pulumi";
import type { EnvironmentResources, NamespaceSpec } from "./platform";
import { type Transform, transformed } from "./transform";

export interface TeamNamespaceArgs extends NamespaceSpec {
  platform: Pick<EnvironmentResources, "namespace">;
  transform?: { namespace?: Transform<NamespaceSpec> };
}

/** What keeps a team apart from the others: on `local` a directory, a range of ports and the limits of its slots. */
export class TeamNamespace extends pulumi.ComponentResource {
  readonly nodes: { namespace: pulumi.Resource };

  constructor(name: string, args: TeamNamespaceArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TeamNamespace", name, {}, options);
    const namespace = createNamespace(this, name, args);
    this.nodes = { namespace };
    this.registerOutputs({});
  }
}

function createNamespace(parent: TeamNamespace, name: string, args: TeamNamespaceArgs): pulumi.Resource {
  const spec: NamespaceSpec = { settings: args.settings, limits: args.limits };
  return args.platform.namespace(name, ...transformed(args.transform?.namespace, spec, { parent }));
}
