/** Git as this folder uses it: no shell, no prompt, no hook, nothing of the caller's GIT_* environment. */
import { type SimpleGit, simpleGit } from "simple-git";
import { gitEnvironment } from "../../branches/git";

export function gitIn(folder: string, more: { indexFile?: string; workTree?: string } = {}): SimpleGit {
  const env = gitEnvironment();
  if (more.indexFile) env.GIT_INDEX_FILE = more.indexFile;
  if (more.workTree) env.GIT_WORK_TREE = more.workTree;
  return simpleGit({
    baseDir: folder,
    config: ["core.autocrlf=false", "advice.detachedHead=false"],
    allowEnvironment: ["GIT_TERMINAL_PROMPT", "GIT_INDEX_FILE", "GIT_WORK_TREE"],
  }).env(env);
}
