/** Who we are to the API server, each time it asks: tokens from files are read again, those of a plugin kept until they expire. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { messageOf, SwitchyardError } from "../../config/errors";
import type { ClusterAccess, ExecPlugin } from "./kubeconfig";

export interface Identity {
  token?: string;
  cert?: string;
  key?: string;
}

/** `afresh`: the server refused the last one. */
export type Identify = (afresh: boolean) => Promise<Identity>;

const run = promisify(execFile);
const pluginDeadlineMs = 60_000;
/** A token that ends in the next seconds is as good as ended. */
const earlyMs = 10_000;

const execCredentialSchema = z.looseObject({
  status: z.looseObject({
    token: z.string().optional(),
    clientCertificateData: z.string().optional(),
    clientKeyData: z.string().optional(),
    expirationTimestamp: z.string().optional(),
  }),
});

export function identifyBy({ context, credentials, server }: ClusterAccess): Identify {
  switch (credentials.kind) {
    case "none":
      return async () => ({});
    case "token":
      return async () => ({ token: credentials.token });
    case "token-file":
      return async () => ({ token: (await readFile(credentials.file, "utf8")).trim() });
    case "certificate":
      return async () => ({ cert: credentials.cert, key: credentials.key });
    case "exec":
      return byPlugin(context, server, credentials.plugin, credentials.folder);
    default:
      return credentials satisfies never;
  }
}

function byPlugin(context: string, server: string, plugin: ExecPlugin, folder: string): Identify {
  let held: { identity: Identity; until: number } | undefined;
  return async (afresh) => {
    if (!afresh && held !== undefined && Date.now() < held.until) return held.identity;
    const {
      token,
      clientCertificateData: cert,
      clientKeyData: key,
      expirationTimestamp,
    } = (await askPlugin(context, server, plugin, folder)).status;
    const identity = { ...(token !== undefined && { token }), ...(cert !== undefined && { cert, key }) };
    const ends = expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp);
    held = { identity, until: ends - earlyMs };
    return identity;
  };
}

async function askPlugin(context: string, server: string, plugin: ExecPlugin, folder: string) {
  const { command, args, env, apiVersion } = plugin;
  // as kubectl: a name is looked up in PATH, a path starts at the kubeconfig's folder
  const file = command.includes("/") && !isAbsolute(command) ? resolve(folder, command) : command;
  const spec = { interactive: false, ...(plugin.provideClusterInfo && { cluster: { server } }) };
  const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec });
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  try {
    const { stdout } = await run(file, args ?? [], {
      env: { ...process.env, ...own, KUBERNETES_EXEC_INFO: info },
      timeout: pluginDeadlineMs,
    });
    return execCredentialSchema.parse(JSON.parse(stdout));
  } catch (error) {
    // what it printed may hold a token
    const stderr = (error as { stderr?: string }).stderr?.trim().split("\n").at(-1);
    const why =
      stderr ||
      (error instanceof z.ZodError || error instanceof SyntaxError ? "it gave no credential" : messageOf(error));
    throw new SwitchyardError("cluster-login", `${command}, which logs in to context ${context}, failed: ${why}.`);
  }
}
