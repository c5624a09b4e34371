import { exitCodes } from "../../config/errors";
import { type Command, environmentArgument } from "../command";
import { examine } from "../doctor";
import { environmentNamed } from "../names";
import { findingLines } from "../show/doctor";

export const doctor: Command<[environment: string]> = {
  name: "doctor",
  summary: "what is there (Node, git, engine, config, ports, state), and what to do about what is not",
  arguments: [environmentArgument({ default: "dev" })],
  options: [],
  examples: ["switchyard doctor", "switchyard doctor prod --json"],
  async run(context, [given]) {
    const environment = environmentNamed(given);
    const findings = await examine(context, environment);
    const { output } = context;
    output.answer({ environment, findings }, findingLines(findings, output.paint));
    return findings.some(({ verdict }) => verdict === "missing") ? exitCodes.environment : exitCodes.ok;
  },
};
