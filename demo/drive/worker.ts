/** A driver in a process of its own, as it would run in a team's pipeline; the demo kills some of them. */
import { writeSync } from "node:fs";
import { type JournalEntry, type Observer, openProject, type Phase, release, resume } from "../../automation";
import { messageOf } from "../../config/errors";
import type { Order, Told } from "./types";

// Written at once: what is still in a buffer dies with the process.
const tell = (told: Told) => writeSync(1, `${JSON.stringify(told)}\n`);

async function main(order: Order): Promise<void> {
  const { dir, environment, team, ref, dieAt } = order;
  let phase: Phase = "plan";
  const observer: Observer = {
    phase: (entered, at) => tell({ type: "phase", phase: entered, at }),
    gate: (result) => tell({ type: "gate", result }),
    journal(entry: JournalEntry) {
      const { phase: named } = entry.data as { phase?: Phase };
      phase = named ?? phase;
      tell({ type: "journal", phase, entry });
      if (dieAt?.kind === entry.kind && dieAt.phase === phase) process.kill(process.pid, "SIGKILL");
    },
  };
  const project = openProject({ dir });
  const target = { environment, team, observer };
  tell({
    type: "report",
    report: await (ref === null ? resume(project, target) : release(project, { ...target, ref })),
  });
}

main(JSON.parse(process.argv[2] ?? "") as Order).catch((thrown: unknown) => {
  tell({ type: "failed", message: messageOf(thrown) });
  process.exitCode = 1;
});
