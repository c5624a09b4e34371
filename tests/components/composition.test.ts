import * as pulumi from "@pulumi/pulumi";
import { type EnvironmentResources, type ReleaseResources, TeamEnvironment, TeamRelease } from "../../components";
import { plain, release, settingsOf, version } from "./support";

class Thing extends pulumi.CustomResource {
  constructor(type: string, name: string, inputs: object, options: pulumi.CustomResourceOptions) {
    super(`test:index:${type}`, name, { ...inputs }, options);
  }
}
const thing =
  (type: string) =>
  (name: string, spec: object, options: pulumi.CustomResourceOptions): pulumi.Resource =>
    new Thing(type, name, spec, options);

/** A platform with everything that `local` has not. */
const environment: EnvironmentResources = {
  addresses: () => ({}),
  entry: (name, spec, options) => ({ resource: thing("Entry")(name, spec, options), url: pulumi.output("http://lb") }),
  namespace: thing("Namespace"),
  data: thing("Data"),
  targetGroup: thing("TargetGroup"),
  alarms: thing("Alarms"),
  dashboard: thing("Dashboard"),
};
const slots: ReleaseResources = {
  image: (name, spec, options) => thing("Image")(name, spec, options).urn.apply(() => `registry/${spec.slot}@sha256:1`),
  workload: (name, spec, options) => ({
    resource: thing("Workload")(name, spec, options),
    version: pulumi.output(spec.version?.version ?? null),
  }),
  route: (name, spec, options) => ({ resource: thing("Route")(name, spec, options), state: pulumi.output(spec) }),
};

let registered: Map<string, Record<string, unknown>>;
beforeEach(async () => {
  registered = new Map();
  await pulumi.runtime.setMocks({
    newResource: ({ type, name, inputs }) => {
      registered.set(`${type} ${name}`, inputs);
      return { id: `${name}-id`, state: inputs };
    },
    call: () => ({}),
  });
});
afterEach(() => pulumi.runtime.disconnect());

function teamEnvironment(transform?: ConstructorParameters<typeof TeamEnvironment>[1]["transform"]) {
  const entry = environment.entry("lb", { kind: "embedded", host: "h", port: 1, requestTimeoutMs: 1 }, {}).resource;
  const settings = settingsOf("ai-workflow");
  const args = {
    platform: environment,
    settings,
    entry,
    requestTimeoutMs: 30_000,
    protect: true,
    deleteData: false,
    transform,
  };
  return new TeamEnvironment("ai-workflow", args);
}

test("a team has a dashboard where the platform has dashboards", async () => {
  await plain(teamEnvironment().nodes.dashboard?.nodes.dashboard.urn);
  expect(registered.get("test:index:Dashboard ai-workflow")).toEqual({
    team: "ai-workflow",
    slots: ["slot-3", "slot-4"],
    metrics: ["active_workflows", "ai_response_time", "agent_utilization"],
  });
});

test("the team's rules become the alarms that a bake evaluates", async () => {
  await plain(teamEnvironment().nodes.alarms.nodes.alarms.urn);
  expect(registered.get("test:index:Alarms ai-workflow")?.rules).toEqual([
    { name: "error-rate", metric: "error-rate", threshold: 0.05, windowMs: 500, minimumRequests: 10 },
    { name: "latency-p99", metric: "latency-p99-ms", threshold: 1000, windowMs: 500, minimumRequests: 10 },
    { name: "unhealthy", metric: "unhealthy", threshold: 0, windowMs: 500, minimumRequests: 0 },
  ]);
});

test("every child can be changed past its component, by fields or by a function, and nothing else changes", async () => {
  const { nodes } = teamEnvironment({
    namespace: { limits: { memoryMb: 64, cpus: 2 } },
    targetGroup: (spec, options) => {
      if (spec.slot === "slot-4") spec.drainMs = 5;
      options.ignoreChanges = ["health"];
    },
  });
  await plain([nodes.namespace.nodes.namespace.urn, ...nodes.targetGroups.map((group) => group.nodes.targetGroup.urn)]);
  expect(registered.get("test:index:Namespace ai-workflow")?.limits).toEqual({ memoryMb: 64, cpus: 2 });
  expect(registered.get("test:index:TargetGroup ai-workflow-slot-3")).toEqual({
    name: "ai-workflow-slot-3",
    team: "ai-workflow",
    slot: "slot-3",
    host: "127.0.0.1",
    port: 21001,
    health: { path: "/api/ai/health", intervalMs: 1000, timeoutMs: 2000, healthyAfter: 1, unhealthyAfter: 3 },
    drainMs: 30_000,
    requestTimeoutMs: 30_000,
  });
  expect(registered.get("test:index:TargetGroup ai-workflow-slot-4")?.drainMs).toBe(5);
});

test("where slots run images, each version has one and its slot runs it by digest", async () => {
  const wanted = release({ slots: { "slot-3": version("a"), "slot-4": null } });
  const settings = settingsOf("ai-workflow");
  const team = new TeamRelease("ai-workflow", { platform: slots, settings, release: wanted, held: undefined });
  await plain([team.slots, ...team.nodes.slots.map((slot) => slot.nodes.workload.urn)]);
  expect([...registered.keys()].filter((key) => key.includes("Image")).sort()).toEqual([
    "switchyard:index:SlotImage ai-workflow-slot-3",
    "test:index:Image ai-workflow-slot-3",
  ]);
  expect(registered.get("test:index:Workload ai-workflow-slot-3")?.image).toBe("registry/slot-3@sha256:1");
  expect(registered.get("test:index:Workload ai-workflow-slot-4")?.image).toBeUndefined();
});
