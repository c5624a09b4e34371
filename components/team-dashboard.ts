import * as pulumi from "@pulumi/pulumi";
import type { DashboardSpec, EnvironmentResources } from "./platform";
import { type Transform, transformed } from "./transform";

export interface TeamDashboardArgs extends DashboardSpec {
  platform: Required<Pick<EnvironmentResources, "dashboard">>;
  transform?: { dashboard?: Transform<DashboardSpec> };
}

/** The team's view of its slots and metrics, on platforms that have dashboards; `local` has none yet and registers none. */
export class TeamDashboard extends pulumi.ComponentResource {
  readonly nodes: { dashboard: pulumi.Resource };

  constructor(name: string, args: TeamDashboardArgs, options?: pulumi.ComponentResourceOptions) {
    super("switchyard:index:TeamDashboard", name, {}, options);
    const dashboard = createDashboard(this, name, args);
    this.nodes = { dashboard };
    this.registerOutputs({});
  }
}

function createDashboard(parent: TeamDashboard, name: string, args: TeamDashboardArgs): pulumi.Resource {
  const spec: DashboardSpec = { team: args.team, slots: args.slots, metrics: args.metrics };
  return args.platform.dashboard(name, ...transformed(args.transform?.dashboard, spec, { parent }));
}
