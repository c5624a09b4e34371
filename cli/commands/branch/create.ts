import { createBranch } from "../../../branches/lifecycle";
import { exitCodes } from "../../../config/errors";
import { type Command, teamArgument } from "../../command";
import { unknownTeam } from "../../names";
import { eventLine } from "../../show/branches";
import { type BranchOptions, environmentOption, withBranches } from "./places";

export const create: Command<[team: string, topic: string], BranchOptions> = {
  name: "create",
  summary: "make a team's branch from the base, by the team's naming rule, here and on the remote",
  arguments: [teamArgument, { name: "topic", about: "what follows the team's prefix, for example cursors" }],
  options: [environmentOption()],
  examples: ["switchyard branch create realtime-collaboration cursors"],
  run: (context, [team, topic], options) =>
    withBranches(context, options, async ({ places }) => {
      const place = places.find(({ teams }) => team in teams);
      const config = place?.teams[team];
      if (!place || !config)
        throw unknownTeam(
          team,
          options.environment,
          places.flatMap(({ teams }) => Object.keys(teams)),
        );
      const event = await createBranch(place.workspace, place.history, { team, config, topic });
      const { output } = context;
      output.answer(event, [eventLine(event, output.paint), `next: \`git switch ${event.branch}\``]);
      return exitCodes.ok;
    }),
};
