import { SwitchyardError } from "../../config/errors";
import { readSource } from "../../config/file";
import { parseEnvironment, parseRelease } from "../../config/load";
import { settingsOf } from "../components/support";

const mistakesIn = (yaml: string): string[] => {
  try {
    parseEnvironment(readSource("Pulumi.dev.yaml", yaml));
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    expect(error.code).toBe("config-invalid");
    return error.message.split("\n").map((line) => line.trim());
  }
  return [];
};

test("all mistakes of a file are named at once, each with its path, what was found and what is expected", () => {
  const mistakes = mistakesIn(`
config:
  switchyard:platform: moon
  switchyard:firstPort: low
  switchyard:protect: "no"
  switchyard:loadbalancer: {}
  switchyard:loadBalancer: { port: 99999 }
  switchyard:teams:
    Ai: {}
    ai:
      branchPrefix: 5
      slots: [slot-1]
      paths: [api]
      health: { endpoint: /x }
      rules: { errorRate: 2, latencyP99: 1 second }
      release: { shift: [50, 10] }
`);
  expect(mistakes).toEqual([
    "14 mistakes in Pulumi.dev.yaml:",
    'switchyard:platform: found "moon", expected one of local, kubernetes, aws',
    "switchyard:loadBalancer.port: found 99999, expected a whole number from 1 to 65535",
    'switchyard:firstPort: found "low", expected a whole number from 1024 to 64000',
    'switchyard:protect: found "no", expected true or false',
    'switchyard:teams: found the key "Ai", expected a team name like `ai-workflow`: 2 to 40 lower-case letters, digits and hyphens',
    "switchyard:teams.ai.branchPrefix: found 5, expected some text",
    'switchyard:teams.ai.slots: found ["slot-1"], expected a list of 2 entries',
    'switchyard:teams.ai.paths[0]: found "api", expected a path that starts with / , for example /api/realtime',
    "switchyard:teams.ai.health.endpoints: found nothing, expected a list of 1 or more entries",
    "switchyard:teams.ai.health: found the unknown key `endpoint`, expected only endpoints, webSocket, interval, timeout, healthyAfter, unhealthyAfter",
    "switchyard:teams.ai.rules.errorRate: found 2, expected a number from 0 to 1",
    'switchyard:teams.ai.rules.latencyP99: found "1 second", expected a duration like "250ms", "30s", "5m", "2h" or "1d"',
    "switchyard:teams.ai.release.shift: found [50,10], expected rising percentages that end with 100, for example [10, 50, 100]",
    "switchyard:*: found the unknown key `loadbalancer`, expected only platform, engine, loadBalancer, kubernetes, firstPort, runtime, data, protect, deleteData, branches, teams, secrets",
  ]);
});

test("a secret in the open is refused and not repeated, and a secret outside of `secrets` too", () => {
  const team =
    "{ branchPrefix: a, slots: [a, b], paths: [/], health: { endpoints: [/] }, env: { A: { secure: v1:x } } }";
  const mistakes = mistakesIn(`
config:
  switchyard:secrets: { ai: { KEY: hunter2, OTHER: { secure: v1:abc } } }
  switchyard:teams: { ai: ${team} }
`);
  expect(mistakes).toEqual([
    "2 mistakes in Pulumi.dev.yaml:",
    "switchyard:secrets.ai.KEY: found plain text (hidden), expected a value set with `--secret`",
    "switchyard:teams.ai.env.A: found a secret, expected plain text; secrets belong in switchyard:secrets",
  ]);
});

test("two teams cannot claim the same branches or requests, and secrets need a team", () => {
  const team = "{ branchPrefix: feature/x, slots: [a, b], paths: [/x], health: { endpoints: [/x] } }";
  const mistakes = mistakesIn(`
config:
  switchyard:teams: { one: ${team}, two: ${team} }
  switchyard:secrets: { three: {} }
`);
  expect(mistakes).toEqual([
    "3 mistakes in Pulumi.dev.yaml:",
    'switchyard:teams.two.branchPrefix: found "feature/x", expected a branch prefix that team one has not',
    'switchyard:teams.two.paths[0]: found "/x", expected a path that team one has not',
    "switchyard:secrets.three: found secrets of an unknown team, expected one of one, two",
  ]);
});

test("a file that is not YAML is told with its line", () => {
  expect(mistakesIn("config:\n  switchyard:platform: [local\n").join()).toMatch(
    /^Pulumi\.dev\.yaml: line 3: found .*, expected YAML$/,
  );
});

test("an empty file is the default environment with the two seed teams", () => {
  const config = parseEnvironment(readSource("Pulumi.dev.yaml", ""));
  expect(Object.keys(config.teams)).toEqual(["realtime-collaboration", "ai-workflow"]);
  expect(config.teams["ai-workflow"]?.conflicts).toEqual({ resolution: "manual", report: "detailed" });
  expect(config.protect).toBe(true);
});

test("the kind of a load balancer alone stands for one with defaults", () => {
  const config = parseEnvironment(readSource("Pulumi.dev.yaml", "config:\n  switchyard:loadBalancer: haproxy\n"));
  expect(config.loadBalancer).toMatchObject({ kind: "haproxy", port: 8080 });
  expect(mistakesIn("config:\n  switchyard:loadBalancer: nginx\n")).toEqual([
    'Pulumi.dev.yaml: switchyard:loadBalancer: found "nginx", expected an object',
  ]);
});

test("text, as Pulumi hands it to a program, and YAML values mean the same", () => {
  const text = { firstPort: "22000", protect: "false", loadBalancer: '{"port":9000}', platform: "local" };
  const values = { firstPort: 22000, protect: false, loadBalancer: { port: 9000 }, platform: "local" };
  const parsed = [text, values].map((source) => parseEnvironment({ file: "x", values: source, mistakes: [] }));
  expect(parsed[0]).toEqual(parsed[1]);
  expect(parsed[0]?.firstPort).toBe(22000);
});

test("release config that weighs an empty or an unknown slot is refused", () => {
  const settings = settingsOf("ai-workflow");
  const release = {
    id: "r",
    epoch: 1,
    revision: 1,
    live: "slot-9",
    slots: { "slot-3": null },
    weights: { "slot-3": 60, "slot-4": 30 },
  };
  const parse = () =>
    parseRelease({ file: "Pulumi.dev.ai-workflow.yaml", values: { release }, mistakes: [] }, settings);
  expect(parse).toThrow(
    [
      "4 mistakes in Pulumi.dev.ai-workflow.yaml:",
      '  switchyard:release.live: found "slot-9", expected one of slot-3, slot-4',
      '  switchyard:release.weights: found {"slot-3":60,"slot-4":30}, expected a sum of 100 or 0',
      "  switchyard:release.weights.slot-3: found 60, expected 0, since the slot is empty",
      "  switchyard:release.weights.slot-4: found 30, expected 0, since the slot is empty",
    ].join("\n"),
  );
});
