/** One line of what the bench found. */
export interface Line {
  what: string;
  found: string;
  /** Undefined: shown, and nothing is promised. */
  promised?: { text: string; kept: boolean };
}
