/** Records of leases, journal and releases: Node's own SQLite beside the state. */
export { openRecords, type Records } from "./sqlite";
