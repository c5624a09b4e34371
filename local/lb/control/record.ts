/** `lb.json`: what the load balancer must still know after it was killed. Written whole or not at all; never over a damaged file. */
import { readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf, SwitchyardError } from "../../../config/errors";
import { emptyRecord, type LbRecord, mistakes, recordSchema } from "./schemas";

/** Throws `state-damaged` for a file that is not a record. No file: an empty record. */
export function loadRecord(file: string): LbRecord {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return emptyRecord();
    throw new SwitchyardError(
      "state-damaged",
      `the load balancer's record ${file} cannot be read: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const damaged = (why: string) =>
    new SwitchyardError(
      "state-damaged",
      `the load balancer's record ${file} is damaged (${why}); it was not overwritten`,
      {
        next: `Look at ${file}; if nothing in it is needed, move it away and run \`switchyard up\` again, which writes routes and target groups anew.`,
      },
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(messageOf(error));
  }
  const parsed = recordSchema.safeParse(value);
  if (!parsed.success) throw damaged(mistakes(parsed.error));
  return parsed.data;
}

const retryAfterMs = 1000;

/**
 * Writes the record behind changes that are already in effect. Changes that come while a write runs share the next one.
 * A write that fails (a full disk) does not undo the change, since putting traffic back must not depend on a disk: it is said
 * in `state` and on stderr, and tried again until it works.
 */
export class RecordFile {
  state = { saved: true, reason: "" };
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;
  private retry: NodeJS.Timeout | null = null;

  constructor(
    private readonly file: string,
    private readonly current: () => LbRecord,
  ) {}

  /** Resolves when a write that holds everything up to now has ended, well or not. */
  save(): Promise<void> {
    if (this.running === null) {
      this.running = this.write().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    this.next ??= this.running.then(() => {
      this.next = null;
      return this.save();
    });
    return this.next;
  }

  /** No more attempts after the one that runs. */
  async close(): Promise<void> {
    if (this.retry !== null) clearTimeout(this.retry);
    await (this.next ?? this.running);
  }

  private async write(): Promise<void> {
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
    try {
      await writeWhole(this.file, `${JSON.stringify(this.current(), null, 1)}\n`);
      this.state = { saved: true, reason: "" };
    } catch (error) {
      const reason = `${this.file} cannot be written: ${messageOf(error)}`;
      if (this.state.reason !== reason) process.stderr.write(`${reason}; the change is in effect, trying again\n`);
      this.state = { saved: false, reason };
      this.retry = setTimeout(() => void this.save(), retryAfterMs);
      this.retry.unref();
    }
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.new`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  // The new name is only safe when the directory is.
  const directory = await open(dirname(file), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
