import { finishBranch, placeOf } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { eventLine } from "../../show/branches";
import { type BranchOptions, branchArgument, environmentOption, withBranches } from "./places";

export const finish: Command<[branch: string], BranchOptions> = {
  name: "finish",
  summary: "land a branch on the base and take it away, both or neither; `restore` brings it back",
  arguments: [branchArgument],
  options: [environmentOption()],
  examples: ["switchyard branch finish feature/realtime-cursors"],
  run: (context, [branch], options) =>
    withBranches(context, options, async (branches) => {
      const { place, team } = placeOf(branches, branch);
      const policy = place.teams[team]?.branches.sync ?? "rebase";
      const event = await finishBranch(place.workspace, place.history, { branch, policy });
      context.output.answer(event, [eventLine(event, context.output.paint)]);
      return exitCodes.ok;
    }),
};
