import { Option } from "commander";
import { placeOf, syncBranch } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { eventLine } from "../../show/branches";
import { type BranchOptions, branchArgument, environmentOption, withBranches } from "./places";

export const sync: Command<[branch: string], BranchOptions & { policy?: "rebase" | "merge" }> = {
  name: "sync",
  summary: "make a branch the same here and on the remote, with all of the base; nothing uncommitted is touched",
  arguments: [branchArgument],
  options: [
    new Option("--policy <policy>", "instead of the team's (`branches.sync`)").choices(["rebase", "merge"]),
    environmentOption(),
  ],
  examples: ["switchyard branch sync feature/realtime-cursors"],
  run: (context, [branch], options) =>
    withBranches(context, options, async (branches) => {
      const { place, team } = placeOf(branches, branch);
      const policy = options.policy ?? place.teams[team]?.branches.sync ?? "rebase";
      const event = await syncBranch(place.workspace, place.history, { branch, policy });
      context.output.answer(event, [eventLine(event, context.output.paint)]);
      return exitCodes.ok;
    }),
};
