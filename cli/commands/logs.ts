import { Option } from "commander";
import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument, teamArgument } from "../command";
import { knownTeam, openDriver } from "../context";
import { environmentNamed, unknownSlot } from "../names";
import { wholeNumber } from "../options";

export const logs: Command<[team: string, environment: string], { slot?: string; lines: number }> = {
  name: "logs",
  summary: "the last lines that a team's slots wrote",
  arguments: [teamArgument, environmentArgument({ default: "dev" })],
  options: [
    new Option("--slot <slot>", "only this slot's"),
    new Option("--lines <count>", "of each slot").argParser(wholeNumber).default(100),
  ],
  examples: ["switchyard logs ai-workflow dev --slot slot-3 --lines 20"],
  async run(context, [team, given], { slot, lines }) {
    const environment = environmentNamed(given);
    const opened = await openDriver(context);
    await knownTeam(opened, context, environment, team);
    const { driver, project } = opened;
    const slots = await driver.slotLogs(project, { environment, team, ...(slot !== undefined && { slot }), lines });
    if (slots.length === 0) {
      const all = await driver.slotLogs(project, { environment, team, lines: 1 });
      throw unknownSlot(
        slot ?? "",
        team,
        all.map((one) => one.slot),
      );
    }
    const { output } = context;
    output.answer(
      { environment, team, slots },
      slots.flatMap((one) => [
        output.paint("bold", `${one.slot}:`),
        ...(one.lines.length === 0 ? [output.paint("dim", "  (nothing)")] : one.lines),
      ]),
    );
    return exitCodes.ok;
  },
};
