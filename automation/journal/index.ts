/** What a take-over decides from: leases, intents written before their effects, and the releases they belong to. */
export { type Journal, openJournal } from "./journal";
export { acquireLease, type Lease, type LeaseHolder, leaseHolder, requestAbort } from "./lease";
export { findReleases, lastUnfinished, openReport, type ReleaseRecord, saveRelease } from "./releases";
