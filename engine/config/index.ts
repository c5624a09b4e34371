export { type PathSegment, parsePath, typedValue, valueAt } from "./path";
export { findProject, fullKey, type Project } from "./project";
export { StackFile } from "./stackFile";
export { type ConfigValue, isSecretValue, masked, revealed } from "./values";
