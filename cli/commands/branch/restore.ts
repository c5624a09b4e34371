import { placeOf, restoreBranch } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { eventLine } from "../../show/branches";
import { type BranchOptions, branchArgument, environmentOption, withBranches } from "./places";

export const restore: Command<[branch: string], BranchOptions> = {
  name: "restore",
  summary: "bring back a branch that `finish` or `prune` took away, on whatever machine that was",
  arguments: [branchArgument],
  options: [environmentOption()],
  examples: ["switchyard branch restore feature/realtime-cursors"],
  run: (context, [branch], options) =>
    withBranches(context, options, async (branches) => {
      const { place } = placeOf(branches, branch);
      const event = await restoreBranch(place.workspace, place.history, branch);
      context.output.answer(event, [eventLine(event, context.output.paint)]);
      return exitCodes.ok;
    }),
};
