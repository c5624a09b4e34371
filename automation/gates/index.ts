/** Checks with five verdicts, each with its evidence. */
export { bakeGate } from "./bake";
export { branchGate } from "./branch";
export { converged } from "./convergence";
export { rollbackTarget } from "./rollback-target";
export { healthGate } from "./verify";
export { weightsGate } from "./weights";
