import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { SwitchyardError } from "../config/errors";

export interface Options {
  seed: number;
  keep: boolean;
  picture: string | undefined;
  help: boolean;
}

export const help = `Two teams release side by side through Pulumi stacks, under load, and no request is dropped.

  npm run demo -- [options]

  --seed <number>    repeat a run: the load and the places where drivers are killed (default: a new one each time)
  --keep             leave the environment running at the end, and say how to stop it
  --picture <file>   write the picture of the run as SVG too
  --help             this text

Writes demo-report.json and demo-report.html into the current folder. Ends with 0 when every promise was kept,
with 1 when one was broken, with 2 when an option is wrong, with 130 after Ctrl-C.`;

/** Throws `usage`. */
export function parseOptions(args: string[]): Options {
  const { values } = parsed(args);
  const { seed, keep, picture, help: helped } = values;
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) {
    throw new SwitchyardError(
      "usage",
      `--seed takes a whole number with up to nine digits, not ${JSON.stringify(seed)}.`,
    );
  }
  return { seed: seed === undefined ? randomInt(1, 1_000_000) : Number(seed), keep, picture, help: helped };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        seed: { type: "string" },
        keep: { type: "boolean", default: false },
        picture: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (thrown) {
    throw new SwitchyardError("usage", thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
