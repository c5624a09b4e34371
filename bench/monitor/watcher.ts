/** A process of its own that only watches, and says what that cost: `watcher <port> <checks> <seconds>`. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Check, defaultPolicy, httpProbe, watch } from "../../health";

export interface Cost {
  cpuShare: number;
  rssMb: number;
  /** The longest that the process stood still. */
  stalledMs: number;
  notPassing: number;
}

async function main([port, count, seconds]: number[]): Promise<void> {
  const checks = Array.from({ length: count ?? 0 }, (_, i): Check => {
    const url = `http://127.0.0.1:${port}/health/${i}`;
    return {
      id: `check-${i}`,
      policy: defaultPolicy,
      dependsOn: [],
      pages: true,
      kind: "component",
      target: url,
      probe: httpProbe({ url, json: { status: "ok" } }),
    };
  });
  const watching = watch(checks, { tell: () => undefined });
  // the first round is the start
  await sleep(defaultPolicy.intervalMs);
  const cpu = process.cpuUsage();
  const began = performance.now();
  await sleep((seconds ?? 0) * 1000);
  const { user, system } = process.cpuUsage(cpu);
  const cost: Cost = {
    cpuShare: (user + system) / 1000 / (performance.now() - began),
    rssMb: process.memoryUsage.rss() / (1 << 20),
    stalledMs: watching.prober().stalledMs,
    notPassing: [...watching.checks.values()].filter(({ status }) => status.settled !== "pass").length,
  };
  process.send?.(cost);
  await watching.stop();
  process.disconnect?.();
}

void main(process.argv.slice(2).map(Number));
