import { Option } from "commander";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { wholeNumber } from "../../options";
import { historyLines } from "../../show/branches";
import { type BranchOptions, branchArgument, environmentOption, withBranches } from "./places";

export const history: Command<[branch: string | undefined], BranchOptions & { limit: number }> = {
  name: "history",
  summary: "who did what to which branch from this project folder, newest first",
  arguments: [{ ...branchArgument, optional: true }],
  options: [new Option("--limit <count>", "at most so many").argParser(wholeNumber).default(20), environmentOption()],
  examples: ["switchyard branch history feature/realtime-cursors"],
  run: (context, [branch], options) =>
    withBranches(context, options, async ({ places }) => {
      const all = places.flatMap((place) => place.history.read({ branch, limit: options.limit }));
      const events = all.sort((a, b) => (a.at > b.at ? -1 : 1)).slice(0, options.limit);
      context.output.answer({ events }, historyLines(events, context.output.paint));
      return exitCodes.ok;
    }),
};
