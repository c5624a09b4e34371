/** Git's plumbing for everything that must know its exit code, feed it input or keep its objects apart. */
export { gitEnvironment, hideSecrets } from "./environment";
export { openQuarantine, type Quarantine } from "./quarantine";
export { type GitRepository, openGit } from "./repository";
export { runGit } from "./run";
