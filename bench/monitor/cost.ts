/** What watching costs: a process that watches, another one that answers. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Line } from "./line";
import type { Cost } from "./watcher";

const seconds = 60;

export async function measureCost(): Promise<Line[]> {
  const targets = fork(join(__dirname, "targets.js"));
  try {
    const [{ port }] = (await once(targets, "message")) as [{ port: number }];
    const thousand = await costOf(port, 1_000);
    const tenThousand = await costOf(port, 10_000);
    return [
      {
        what: `1,000 HTTP checks every 30 s, for ${seconds} s`,
        found: text(thousand),
        promised: {
          text: "under 3 % of a core and 120 MB, all pass",
          kept: thousand.cpuShare < 0.03 && thousand.rssMb < 120 && thousand.notPassing === 0,
        },
      },
      { what: `10,000 HTTP checks every 30 s, for ${seconds} s`, found: text(tenThousand) },
    ];
  } finally {
    targets.kill();
  }
}

async function costOf(port: number, checks: number): Promise<Cost> {
  const watcher = fork(join(__dirname, "watcher.js"), [port, checks, seconds].map(String));
  const [cost] = (await once(watcher, "message")) as [Cost];
  return cost;
}

const text = ({ cpuShare, rssMb, stalledMs, notPassing }: Cost): string =>
  `${(cpuShare * 100).toFixed(2)} % of a core, ${rssMb.toFixed(0)} MB, longest stall ${stalledMs} ms, ${notPassing} not passing`;
