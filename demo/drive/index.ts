/** Drivers as processes of their own, so that two can run at once and one can be killed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import type { ReleaseReport } from "../../automation";
import { projectRoot } from "../project";
import type { Order, Told } from "./types";

export { chooseBoundary } from "./boundaries";
export type { Boundary, Order, Told } from "./types";

/** The release's report, or null when the driver was killed as ordered. Throws with the driver's own sentence. */
export async function drive(
  order: Order,
  onTold: (told: Told) => void,
  signal: AbortSignal,
): Promise<ReleaseReport | null> {
  const program = path.join(projectRoot(), "dist", "demo", "drive", "worker.js");
  const child = spawn(process.execPath, [program, JSON.stringify(order)], {
    stdio: ["ignore", "pipe", "pipe"],
    // A driver lives for seconds: what the first one compiled is there for those that follow.
    env: { NODE_COMPILE_CACHE: path.join(order.dir, ".compiled"), ...process.env },
    signal,
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const closed = once(child, "close") as Promise<[code: number | null, endedBy: NodeJS.Signals | null]>;
  closed.catch(() => undefined); // awaited below, after its last line
  let report: ReleaseReport | null = null;
  let failure: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    if (told.type === "report") report = told.report;
    if (told.type === "failed") failure = told.message;
    onTold(told);
  }
  const [code, endedBy] = await closed;
  if (report) return report;
  if (order.dieAt && endedBy === "SIGKILL") return null;
  throw new Error(failure ?? `the driver of ${order.team} ended with ${endedBy ?? code}. ${complaints}`.trim());
}
