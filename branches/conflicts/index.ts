/** Which branches collide: with the base, with each other, where, and how narrowly others miss. */
export { readHistories } from "./history";
export { createMatrix, type Matrix, type MatrixChange, type Tips } from "./matrix";
export { tryMerges } from "./merges";
export type { BranchVerdict, FileConflict, NearMiss, PairVerdict } from "./verdict";
