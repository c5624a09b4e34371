import { Option } from "commander";
import { conflictsNow, watchConflicts } from "../../../branches/watch";
import { exitCodes, messageOf } from "../../../config/errors";
import type { Command } from "../../command";
import { newsLines } from "../../show/conflicts";
import { type BranchOptions, environmentOption, withBranches } from "./places";

export const conflicts: Command<[], BranchOptions & { watch?: true }> = {
  name: "conflicts",
  summary: "which branches conflict, with the base and with each other: files, lines, since when, who should talk",
  arguments: [],
  options: [new Option("--watch", "go on, and tell what changes as pushes arrive"), environmentOption()],
  examples: ["switchyard branch conflicts", "switchyard branch conflicts --watch --json"],
  run: (context, _given, options) =>
    withBranches(context, options, async ({ places }) => {
      const { output, interrupts } = context;
      if (!options.watch) {
        for (const place of places) {
          const news = await conflictsNow(place);
          output.answer(news, newsLines(news, output.paint));
        }
        return exitCodes.ok;
      }
      interrupts.cleanUp({ first: "stopping.", second: "left." }, (sentence) => output.aside(sentence));
      await Promise.all(
        places.map((place) =>
          watchConflicts(place, {
            signal: interrupts.signal,
            onNews: (news) => output.answer(news, newsLines(news, output.paint)),
            onTrouble: (thrown) => output.aside(`${messageOf(thrown)} Trying again.`),
          }),
        ),
      );
      return exitCodes.ok;
    }),
};
