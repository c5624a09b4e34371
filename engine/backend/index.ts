export { readText, replaceFile } from "./files";
export { appendHistory, type HistoryRecord, readHistory, type StoredConfig } from "./history";
export { type Backend, openBackend, parseStackName, qualifiedName, type StackId } from "./location";
export { breakLock, type Lock, OperationLock, readLocks, removeAllLocks } from "./locks";
export { Selection } from "./selection";
export {
  checkpointPath,
  listStacks,
  readCheckpointText,
  removeLeftovers,
  removeStackFiles,
  stackExists,
  writeCheckpointText,
} from "./stacks";
