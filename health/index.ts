/** Health checks: what is asked, the state machine that decides what an answer means, and the watch that asks. */
export { type Check, defaultPolicy } from "./check";
export { httpProbe } from "./probes/http";
export { tcpProbe } from "./probes/tcp";
export { watch } from "./watch/watch";
