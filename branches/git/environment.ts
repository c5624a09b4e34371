/** What git needs from outside to reach a repository with the user's own access. */
const passedOn = ["PATH", "HOME", "USER", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "TMPDIR"];
const proxies = ["http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "all_proxy"];

/** No prompt, words in English, and nothing of the caller's GIT_* variables: a hook that starts us has them set to its own. */
export function gitEnvironment(more: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  for (const name of [...passedOn, ...proxies]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...more };
}

/** A URL's user name and password are not for logs. */
export function hideSecrets(text: string): string {
  return text.replace(/(\w+:\/\/)[^/@\s]+@/g, "$1");
}
