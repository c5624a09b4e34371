/** `failing` does not get better by waiting, as far as the cluster knows; `progressing` may. */
export interface Report {
  state: "ready" | "progressing" | "failing";
  detail: string;
}

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  reason?: string;
  message?: string;
}

export const conditionOf = (conditions: Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

/** Later messages end with a full stop already, or not. */
export const sentence = (text: string): string => text.trim().replace(/\.+$/, "");
