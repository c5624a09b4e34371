/** What one check of `switchyard doctor` found. */
export interface Finding {
  check: string;
  /**
   * `missing`: something the chosen environment needs is not there or broken. `warn`: it works, but look at it.
   * `note`: worth knowing, nothing to do.
   */
  verdict: "ok" | "note" | "warn" | "missing";
  /** One sentence or less. */
  found: string;
  /** What to do. */
  todo?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, verdict: "ok", found });
export const note = (check: string, found: string): Finding => ({ check, verdict: "note", found });
export const warn = (check: string, found: string, todo: string): Finding => ({ check, verdict: "warn", found, todo });
export const missing = (check: string, found: string, todo: string): Finding => ({
  check,
  verdict: "missing",
  found,
  todo,
});
