import { Option } from "commander";
import { prunable, pruneBranches } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import type { Command } from "../../command";
import { eventLine, prunableLines } from "../../show/branches";
import { type BranchOptions, environmentOption, withBranches } from "./places";

export const prune: Command<[], BranchOptions & { apply?: true }> = {
  name: "prune",
  summary: "what could be taken away because the base has it, squashed or not; with --apply, take it away",
  arguments: [],
  options: [new Option("--apply", "take away what a run without it shows"), environmentOption()],
  examples: ["switchyard branch prune", "switchyard branch prune --apply"],
  run: (context, _given, options) =>
    withBranches(context, options, async ({ places }) => {
      const { output } = context;
      const found = (await Promise.all(places.map(({ workspace, teams }) => prunable(workspace, teams)))).flat();
      if (!options.apply) {
        output.answer({ applied: false, branches: found }, prunableLines(found, output.paint));
        return exitCodes.ok;
      }
      const events = [];
      for (const place of places) {
        const wanted = await prunable(place.workspace, place.teams);
        events.push(...(await pruneBranches(place.workspace, place.history, wanted)));
      }
      const lines =
        events.length > 0 ? events.map((event) => eventLine(event, output.paint)) : ["Nothing to take away."];
      output.answer({ applied: true, branches: found, events }, lines);
      return exitCodes.ok;
    }),
};
