export { readText, replaceFile } from "./files";
export { appendHistory, type HistoryRecord, moveHistory, readHistory, type StoredConfig } from "./history";
export { type Backend, openBackend, parseStackName, qualifiedName, type StackId } from "./location";
export { breakLock, type Lock, OperationLock, readLocks, removeAllLocks } from "./locks";
export { Selection } from "./selection";
export {
  checkpointPath,
  listStacks,
  readCheckpointText,
  readTags,
  removeLeftovers,
  removeStackFiles,
  stackExists,
  writeCheckpointText,
  writeTags,
} from "./stacks";
