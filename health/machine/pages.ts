/** Who is called about a check, and when it must wait for what the checks it depends on say. Pure. */
import type { Watched } from "./watched";

export type Call =
  | { type: "page" }
  | { type: "resolve" }
  /** It fails, and whether another check explains it is not known yet: `ask` these again now. */
  | { type: "hold"; ask: string[] }
  | { type: "none" };

const none: Call = { type: "none" };

/** Calling is suppressed, never seeing: states and timelines move as ever. Ending a call is never suppressed, but by flapping. */
export function callFor(watched: Watched, parents: Watched[], at: number): Call {
  const { plan, status, pagedAt, muted } = watched;
  const fails = status.settled === "fail";
  if (pagedAt !== null) return fails || status.flapping ? none : { type: "resolve" };
  if (!fails || !plan.pages || muted !== null || status.flapping) return none;
  // on its way back: nobody is called for what is over
  if (status.badSince === null) return none;
  const answers = parents.map((parent) => ({ parent, answer: explains(watched, parent) }));
  if (answers.some(({ answer }) => answer === "yes")) return none;
  const open = answers.filter(({ answer }) => answer !== "no");
  if (open.length === 0 || at > patientUntil([watched, ...open.map(({ parent }) => parent)])) return { type: "page" };
  const ask = open.flatMap(({ parent, answer }) => {
    if (answer === "ask-parent") return [parent.plan.id];
    return answer === "ask-again" ? [plan.id] : [];
  });
  return { type: "hold", ask: [...new Set(ask)] };
}

/**
 * Does the parent's failure explain the child's? `soon`: the parent is being asked; `ask-parent`: it was not since the child
 * failed; `ask-again`: the parent is well again, and the child gets the time to follow it.
 */
function explains(
  { status: child }: Watched,
  { status: parent }: Watched,
): "yes" | "no" | "soon" | "ask-parent" | "ask-again" {
  if (parent.settled === "fail") return "yes";
  if (parent.recent.at(-1) === "fail" || parent.last === null || parent.blind) return "soon";
  if (parent.settledAt > (child.last?.startedAt ?? 0)) return "ask-again";
  return parent.last.startedAt >= (child.badSince ?? 0) ? "no" : "ask-parent";
}

/** A parent that cannot be asked must not keep its children's failures quiet: there is time for one state to settle. */
const patientUntil = (waiting: Watched[]): number =>
  Math.max(...waiting.map(({ status }) => status.settledAt)) +
  Math.max(...waiting.map(({ plan: { policy } }) => policy.failAfter * (policy.retryMs + policy.deadlineMs)));
