/** All commands, in the order in which help shows them. */
import type { AnyCommand, CommandGroup } from "../command";
import { abort } from "./abort";
import { branch } from "./branch";
import { deploy } from "./deploy";
import { doctor } from "./doctor";
import { down } from "./down";
import { history } from "./history";
import { logs } from "./logs";
import { resume } from "./resume";
import { rollback } from "./rollback";
import { secret } from "./secret";
import { status } from "./status";
import { up } from "./up";

export const commands: (AnyCommand | CommandGroup)[] = [
  up,
  down,
  deploy,
  rollback,
  resume,
  abort,
  status,
  history,
  logs,
  secret,
  branch,
  doctor,
];
