/** The demo's story, chapter by chapter; the releases of one chapter run at the same time. */
import { chooseBoundary } from "./drive";
import { realtime, workflow } from "./place";
import type { Plot } from "./run";

export interface Chapter {
  title: string;
  releases: Plot[];
}

const prefixes: Record<string, string> = { [realtime]: "feature/realtime", [workflow]: "feature/ai-workflow" };

function release(team: string, label: string, plot: Omit<Plot, "team" | "ref" | "label">): Plot {
  return { team, label, ref: `${prefixes[team]}-${label}`, ...plot };
}

/** Before there is load: what users find when they come. */
export const firstVersions: Plot[] = [realtime, workflow].map((team) =>
  release(team, "v1", { story: "the first version", expected: "settled" }),
);

export function chapters(random: () => number): Chapter[] {
  const together = { story: "both teams release at the same time", expected: "settled" } as const;
  const killed = (weights: "before" | "after") =>
    ({
      story: `the driver is killed ${weights} weights were written`,
      expected: "resumed",
      kill: { weights, boundary: chooseBoundary(weights, random) },
    }) as const;
  return [
    {
      title: "Both teams release v2 at the same time, each with a driver of its own",
      releases: [release(realtime, "v2", together), release(workflow, "v2", together)],
    },
    {
      title: "A v3 that never becomes healthy: refused before any traffic",
      releases: [release(workflow, "v3-unhealthy", { story: "never becomes healthy", expected: "refused" })],
    },
    {
      title: "A v3 that answers 500 two seconds after the switch: rolled back by itself",
      releases: [
        release(realtime, "v3-turns-bad", {
          story: "answers 500 two seconds after the switch",
          expected: "rolled-back",
        }),
      ],
    },
    {
      title: "A v3 that takes 1.5 s for each answer two seconds after the switch: rolled back by itself",
      releases: [
        release(workflow, "v3-turns-slow", { story: "slow two seconds after the switch", expected: "rolled-back" }),
      ],
    },
    {
      title: "v4 of both teams, and their drivers are killed: one before weights were written, one after",
      releases: [release(realtime, "v4", killed("before")), release(workflow, "v4", killed("after"))],
    },
  ];
}
