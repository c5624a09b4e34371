/** The shape that deploy, rollback and resume share: watch, drive, report, exit code. */
import type { ReleaseReport } from "../../automation/api";
import type { Context } from "../context";
import { type Asked, exitCodeOf } from "../show/outcome";
import { reportLines } from "../show/report";
import { type Watched, watched } from "./watched";

export async function watchedRelease(context: Context, asked: Asked, release: Watched<ReleaseReport>): Promise<number> {
  const report = await watched(context, release);
  const { output, interrupts } = context;
  output.answer({ event: "report", ...report }, reportLines(report, asked, output.paint));
  return exitCodeOf(report.outcome, asked, interrupts.signal.aborted);
}

export const putBackFirst = "putting the traffic back where it was and taking the candidate out.";
