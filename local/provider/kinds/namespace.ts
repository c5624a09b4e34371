import { rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makePrivateDirectory } from "../../paths";
import { kind } from "../kind";
import { absolutePath, limits, name, port } from "./shared";

const schema = z.strictObject({
  runtimeDir: absolutePath,
  team: name,
  directory: absolutePath,
  firstPort: port,
  portCount: z.int().min(1),
  limits,
});

/** Only a directory that carries it was made by us, and only such a one is ever removed. */
const markerOf = (directory: string) => join(directory, ".switchyard-namespace");

async function make({ directory, team }: { directory: string; team: string }): Promise<Record<string, never>> {
  makePrivateDirectory(directory);
  writeFileSync(markerOf(directory), `${team}\n`, { mode: 0o600 });
  return {};
}

export const namespace = kind(schema, {
  id: ({ team }) => team,
  replaceOn: ["runtimeDir", "team", "directory"],
  check: ({ firstPort, portCount }) =>
    firstPort + portCount - 1 > 65535 ? [{ property: "portCount", reason: "the port range ends past 65535" }] : [],
  create: make,
  update: make,
  async read({ directory }) {
    return statSync(markerOf(directory), { throwIfNoEntry: false }) ? {} : undefined;
  },
  async delete({ directory }) {
    if (!statSync(markerOf(directory), { throwIfNoEntry: false })) return;
    rmSync(markerOf(directory));
    try {
      rmdirSync(directory);
    } catch (error) {
      // Data that was kept, or something of somebody else: not ours to remove.
      if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
    }
  },
});
