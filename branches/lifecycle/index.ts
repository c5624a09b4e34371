/** The life of a team's branch, on several machines at once: made, kept current, landed, taken away, brought back. */
export { createBranch } from "./create";
export { finishBranch } from "./finish";
export type { BranchEvent } from "./history";
export { type ListedBranch, listBranches } from "./list";
export { teamOf } from "./naming";
export { openBranches, type Place, type ProjectBranches, placeOf } from "./project";
export { type Prunable, prunable, pruneBranches } from "./prune";
export { restoreBranch } from "./restore";
export { syncBranch } from "./sync";
export { openWorkspace, type Workspace } from "./workspace";
