/** The folder the demo works in: a project of its own, the repository of its services, and nothing from the checkout's. */
import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";
import { freePorts } from "./ports";
import { projectRoot } from "./project";
import { makeRepository } from "./repository";

export const environment = "dev";
export const realtime = "realtime-collaboration";
export const workflow = "ai-workflow";

/** The seed's defaults are made for people; these let a whole story fit into a minute. */
const release = { warm: "60s", drain: "3s", verifyTimeout: "3s" };
const teams: Record<string, { path: string; bake: string }> = {
  [realtime]: { path: "services/collaboration", bake: "4s" },
  // the first answer of its slow version that took too long comes three and a half seconds after the switch
  [workflow]: { path: "services/jobs", bake: "5s" },
};
const portsOfSlots = 10 * Object.keys(teams).length;

interface StackFile {
  config: { "switchyard:teams": Record<string, object> } & Record<string, unknown>;
}

export interface Place {
  dir: string;
  versions: number;
}

export async function makeFolder(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), "switchyard-demo-"));
}

export async function fillFolder(dir: string): Promise<Place> {
  const repository = path.join(dir, "repository");
  const { branches } = await makeRepository(repository);
  const root = projectRoot();
  await copyFile(path.join(root, "Pulumi.yaml"), path.join(dir, "Pulumi.yaml"));

  const file = `Pulumi.${environment}.yaml`;
  const { config } = parse(await readFile(path.join(root, file), "utf8")) as StackFile;
  for (const [team, { path: service, bake }] of Object.entries(teams)) {
    const source = { repository, path: service, build: [["node", "build.js"]] };
    config["switchyard:teams"][team] = { ...config["switchyard:teams"][team], source, release: { ...release, bake } };
  }
  // Not from the seed: two demos with the same seed must not meet on a port.
  const firstPort = await freePorts(portsOfSlots + 1, Math.random);
  config["switchyard:firstPort"] = firstPort;
  config["switchyard:loadBalancer"] = { port: firstPort + portsOfSlots };
  await writeFile(path.join(dir, file), stringify({ config }));
  return { dir, versions: Object.keys(branches).length };
}
