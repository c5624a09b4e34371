import type { Probe } from "../../check";
import { runCommand } from "../command";
import { excerpt, result } from "../results";
import { type DatabaseSpec, judged } from "./judge";

export interface SqliteSpec extends Omit<DatabaseSpec, "maxLagMs"> {
  file: string;
}

/** Reads the schema: a file that is no database is found, and a large one costs no more than a small one. */
const usualQuery = "SELECT count(*) FROM sqlite_schema";

const script = `
  const { DatabaseSync } = require("node:sqlite");
  const [file, query] = process.argv.slice(1);
  try {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 });
    const began = performance.now();
    database.prepare(query).get();
    console.log(JSON.stringify({ ms: performance.now() - began }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }`;

/** In a process of its own: SQLite answers on the thread that asks, and a query that takes too long can only be killed. */
export const sqliteProbe =
  (spec: SqliteSpec): Probe =>
  async (signal) => {
    const { file, query = usualQuery } = spec;
    const { output } = await runCommand(
      { command: [process.execPath, "--no-warnings", "-e", script, file, query] },
      signal,
    );
    const answer = answerOf(output);
    if (answer.ms === undefined) return result("fail", answer.error ?? `no answer: ${excerpt(output)}`);
    return judged(answer.ms, spec, {});
  };

function answerOf(output: string): { ms?: number; error?: string } {
  try {
    return JSON.parse(output) as { ms?: number; error?: string };
  } catch {
    // it was killed, or this Node has no SQLite
    return {};
  }
}
