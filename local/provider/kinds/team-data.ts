import { lstatSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { makePrivateDirectory } from "../../paths";
import { kind } from "../kind";
import { absolutePath } from "./shared";

const schema = z.strictObject({
  runtimeDir: absolutePath,
  directory: absolutePath,
  databaseFile: absolutePath,
  deleteData: z.boolean().default(false),
});
type TeamDataInputs = z.output<typeof schema>;

/** Written only into a directory that was empty: only such a one is ever deleted with its data. */
const markerOf = (directory: string) => join(directory, ".switchyard-data");

async function make({ directory, databaseFile }: TeamDataInputs): Promise<Record<string, never>> {
  makePrivateDirectory(directory);
  if (readdirSync(directory).length === 0) writeFileSync(markerOf(directory), "", { mode: 0o600 });
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(databaseFile);
  try {
    database.exec("PRAGMA journal_mode = WAL");
  } finally {
    database.close();
  }
  return {};
}

export const teamData = kind(schema, {
  id: ({ directory }) => directory,
  replaceOn: ["directory", "databaseFile"],
  check: ({ directory, databaseFile }) =>
    dirname(databaseFile) === directory
      ? []
      : [{ property: "databaseFile", reason: `expected a file in ${directory}, found ${databaseFile}` }],
  create: make,
  update: make,
  async read({ databaseFile }) {
    return statSync(databaseFile, { throwIfNoEntry: false }) ? {} : undefined;
  },
  async delete({ directory, deleteData }) {
    const found = lstatSync(directory, { throwIfNoEntry: false });
    const ours = found?.isDirectory() && lstatSync(markerOf(directory), { throwIfNoEntry: false })?.isFile();
    if (deleteData && ours) rmSync(directory, { recursive: true });
  },
});
