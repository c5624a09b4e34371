/**
 * The driver, for scripts and for the CLI.
 *
 *     const project = openProject({ dir: "." });
 *     const report = await release(project, { environment: "dev", team: "ai-workflow", ref: "feature/ai-workflow-v2" });
 *
 * A release that does not go well is a result, not an exception: look at `report.outcome`. What is thrown is a
 * `SwitchyardError`: the question was wrong, somebody else drives the team, or the environment is not up.
 */
export type * from "./api";
export { type DownOptions, down, up } from "./environment";
export { openProject, type Project, type ProjectOptions } from "./project";
export { abort, plan, release, resume, rollback } from "./release";
export { setSecret } from "./secrets";
export { history, slotLogs, status, teams } from "./status";
