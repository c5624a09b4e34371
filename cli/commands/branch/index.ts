import type { CommandGroup } from "../../command";
import { conflicts } from "./conflicts";
import { create } from "./create";
import { finish } from "./finish";
import { history } from "./history";
import { list } from "./list";
import { prune } from "./prune";
import { restore } from "./restore";
import { sync } from "./sync";

export const branch: CommandGroup = {
  name: "branch",
  summary: "teams' branches: made, kept current, checked against each other, landed, taken away, brought back",
  commands: [create, list, sync, finish, prune, restore, history, conflicts],
};
