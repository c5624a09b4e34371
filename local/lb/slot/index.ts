/** What both data planes know of a slot: how it is, and what was counted. */
export { SlotCounters } from "./counters";
export { HealthCheck } from "./health";
