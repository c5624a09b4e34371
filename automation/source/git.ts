/** Git as this folder uses it: no shell, no prompt, no hook, nothing of the caller's GIT_* environment. */
import { type SimpleGit, simpleGit } from "simple-git";

/** What git needs from outside to reach a repository with the user's own access. */
const passedOn = ["PATH", "HOME", "USER", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "TMPDIR"];
const proxies = ["http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "all_proxy"];

export function gitIn(folder: string, more: { indexFile?: string; workTree?: string } = {}): SimpleGit {
  const env: Record<string, string> = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  for (const name of [...passedOn, ...proxies]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  if (more.indexFile) env.GIT_INDEX_FILE = more.indexFile;
  if (more.workTree) env.GIT_WORK_TREE = more.workTree;
  return simpleGit({
    baseDir: folder,
    config: ["core.autocrlf=false", "advice.detachedHead=false"],
    allowEnvironment: ["GIT_TERMINAL_PROMPT", "GIT_INDEX_FILE", "GIT_WORK_TREE"],
  }).env(env);
}
