/**
 * The engine's model of state. Values are kept as they are on the wire (JSON): a secret is
 * `{[signatureKey]: secretSignature, value}` in memory and `{[signatureKey]: secretSignature, ciphertext}` on disk.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type PropertyMap = { [key: string]: Json };
export type Urn = string;

/** One resource of a stack. Field names and their order on disk are Pulumi's own (checkpoint format 3). */
export interface ResourceState {
  urn: Urn;
  custom: boolean;
  delete?: boolean;
  id?: string;
  type: string;
  inputs?: PropertyMap;
  outputs?: PropertyMap;
  parent?: Urn;
  protect?: boolean;
  external?: boolean;
  dependencies?: Urn[];
  initErrors?: string[];
  /** `<provider urn>::<provider id>` */
  provider?: string;
  propertyDependencies?: Record<string, Urn[]>;
  pendingReplacement?: boolean;
  additionalSecretOutputs?: string[];
  /** Known only during a run; rewritten and dropped before anything is saved. */
  aliases?: Urn[];
  customTimeouts?: { create?: number; update?: number; delete?: number; read?: number };
  importID?: string;
  retainOnDelete?: boolean;
  deletedWith?: Urn;
  /** RFC 3339 */
  created?: string;
  modified?: string;
  ignoreChanges?: string[];
  replaceOnChanges?: string[];
  /** Fields of a newer Pulumi that this engine does not touch and writes back as they were. */
  [unknownField: string]: unknown;
}

export interface PendingOperation {
  resource: ResourceState;
  type: "creating" | "updating" | "deleting" | "reading" | "importing";
}

/** What a stack holds, between runs and at each checkpoint. Resources are in a valid topological order. */
export interface Snapshot {
  resources: ResourceState[];
  pendingOperations: PendingOperation[];
}
