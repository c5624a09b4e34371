import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environmentName, environmentNames } from "../../config/environment";
import { loadEnvironmentFile } from "../../config/file";
import { parseEnvironment } from "../../config/load";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the files of the repository are the seed teams on each environment's default platform", () => {
  const { teams } = parseEnvironment({ file: "none", values: {}, mistakes: [] });
  const loaded = environmentNames.map((name) => loadEnvironmentFile(".", name));
  // on `dev` they release the services in `examples`
  const sources: Record<string, string> = { "realtime-collaboration": "collaboration", "ai-workflow": "jobs" };
  const withExamples = Object.entries(teams ?? {}).map(([name, team]) => {
    const path = `examples/services/${sources[name]}`;
    return [name, { ...team, source: { ...team.source, path, build: [["node", "build.js"]] } }];
  });
  expect(loaded.map((config) => config.teams)).toEqual([Object.fromEntries(withExamples), teams, teams]);
  expect(loaded.map((config) => config.platform)).toEqual(["local", "kubernetes", "aws"]);
});

test("environments answer to the long names of the seed too, in files as well", () => {
  expect(["development", "dev", "stage", "production", "nowhere"].map(environmentName)).toEqual([
    "dev",
    "dev",
    "staging",
    "prod",
    undefined,
  ]);
  writeFileSync(join(folder, "Pulumi.production.yaml"), "config:\n  switchyard:firstPort: 30000\n");
  expect(loadEnvironmentFile(folder, "prod").firstPort).toBe(30000);
});

test("two files for one environment are a mistake, not a choice", () => {
  writeFileSync(join(folder, "Pulumi.prod.yaml"), "");
  writeFileSync(join(folder, "Pulumi.production.yaml"), "");
  expect(() => loadEnvironmentFile(folder, "prod")).toThrow(
    "Pulumi.production.yaml: switchyard:*: found a second file for prod, expected everything in Pulumi.prod.yaml",
  );
});

test("encrypted values are accepted and stay closed outside of Pulumi", () => {
  writeFileSync(
    join(folder, "Pulumi.dev.yaml"),
    "encryptionsalt: v1:abc\nconfig:\n  aws:region: eu-west-1\n  switchyard:secrets:\n    ai-workflow:\n      KEY:\n        secure: v1:abc\n",
  );
  expect(loadEnvironmentFile(folder, "dev").secrets).toEqual({ "ai-workflow": { KEY: "[secret]" } });
});
