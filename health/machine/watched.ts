import type { Plan } from "../check";
import type { Status } from "./status";

/** One check as the board knows it. */
export interface Watched {
  plan: Plan;
  status: Status;
  /** Since when somebody is called about it; null: nobody is. */
  pagedAt: number | null;
  /** Why nobody is called about it: a maintenance window is open. */
  muted: string | null;
}
