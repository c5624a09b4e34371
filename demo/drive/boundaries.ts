import type { Boundary } from "./types";

/** Where a driver can die before the traffic was moved, and where after it. */
const boundaries: Record<"before" | "after", readonly Boundary[]> = {
  before: [
    { phase: "stage", kind: "written" },
    { phase: "verify", kind: "intent" },
    { phase: "verify", kind: "result" },
    { phase: "shift", kind: "intent" },
    { phase: "shift", kind: "write" },
  ],
  after: [
    { phase: "shift", kind: "written" },
    { phase: "shift", kind: "result" },
    { phase: "bake", kind: "intent" },
    { phase: "settle", kind: "write" },
  ],
};

export function chooseBoundary(weights: "before" | "after", random: () => number): Boundary {
  const choices = boundaries[weights];
  const chosen = choices[Math.floor(random() * choices.length)];
  if (!chosen) throw new RangeError("a random number must be in [0, 1)");
  return chosen;
}
