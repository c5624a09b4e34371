/** Which branches collide: with the base, with each other, where, and how narrowly others miss. */
export { createMatrix, type Matrix, type Tips } from "./matrix";
export type { PairVerdict } from "./verdict";
