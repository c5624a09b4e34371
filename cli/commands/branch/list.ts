import { Option } from "commander";
import { listBranches } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { listLines } from "../../show/branches";
import { type BranchOptions, environmentOption, withBranches } from "./places";

export const list: Command<[], BranchOptions & { team?: string }> = {
  name: "list",
  summary: "the teams' branches: how they stand to the base and to this clone",
  arguments: [],
  options: [new Option("--team <team>", "only this team's"), environmentOption()],
  examples: ["switchyard branch list --team ai-workflow"],
  run: (context, _given, options) =>
    withBranches(context, options, async ({ places }) => {
      const all = await Promise.all(places.map(({ workspace, teams }) => listBranches(workspace, teams)));
      const branches = all.flat().filter(({ team }) => options.team === undefined || team === options.team);
      context.output.answer({ branches }, listLines(branches, context.output.paint));
      return exitCodes.ok;
    }),
};
