/** Kubeconfig files, as kubectl reads them: one file, or several of which the first that knows a name wins. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { messageOf, SwitchyardError } from "../../config/errors";

const execSchema = z.looseObject({
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
  apiVersion: z.string(),
  provideClusterInfo: z.boolean().optional(),
});
export type ExecPlugin = z.output<typeof execSchema>;

const clusterSchema = z.looseObject({
  server: z.string(),
  "certificate-authority": z.string().optional(),
  "certificate-authority-data": z.string().optional(),
  "insecure-skip-tls-verify": z.boolean().optional(),
  "tls-server-name": z.string().optional(),
});
const userSchema = z.looseObject({
  token: z.string().optional(),
  tokenFile: z.string().optional(),
  "client-certificate": z.string().optional(),
  "client-certificate-data": z.string().optional(),
  "client-key": z.string().optional(),
  "client-key-data": z.string().optional(),
  username: z.string().optional(),
  exec: execSchema.nullish(),
  "auth-provider": z.unknown().optional(),
});
const contextSchema = z.looseObject({ cluster: z.string(), user: z.string(), namespace: z.string().optional() });
const named = <S extends z.ZodType, K extends string>(key: K, schema: S) =>
  z
    .array(z.object({ name: z.string(), [key]: schema } as { name: z.ZodString } & Record<K, S>))
    .nullish()
    .transform((list) => list ?? []);
const fileSchema = z.looseObject({
  clusters: named("cluster", clusterSchema),
  users: named("user", userSchema.nullish()),
  contexts: named("context", contextSchema),
});

export interface KubeconfigSource {
  /** The only context that is ever used. */
  context: string;
  /** Where given, the API server that the context must lead to. */
  server?: string;
  /** A file, or the text of one; by default KUBECONFIG or ~/.kube/config. */
  kubeconfig?: string;
}

export type Credentials =
  | { kind: "none" }
  | { kind: "token"; token: string }
  | { kind: "token-file"; file: string }
  | { kind: "certificate"; cert: string; key: string }
  | { kind: "exec"; plugin: ExecPlugin; folder: string };

/** Where a cluster is, and who we are there. Nothing was asked of it yet. */
export interface ClusterAccess {
  context: string;
  /** Without a slash at the end. */
  server: string;
  /** Of objects that name none. */
  namespace: string;
  tls: { ca?: string; rejectUnauthorized: boolean; servername?: string };
  credentials: Credentials;
}

/** Throws `cluster-context` where there is no such context, or it leads to another server than it must. */
export function clusterAccess({ context, server, kubeconfig }: KubeconfigSource): ClusterAccess {
  const files = readFiles(kubeconfig);
  const contexts = files.flatMap(({ config }) => config.contexts);
  const found = contexts.find(({ name }) => name === context)?.context;
  if (found === undefined) {
    const known = contexts.map(({ name }) => name).join(", ") || "none";
    throw refusal(
      `There is no context ${JSON.stringify(context)} in ${files.map(({ name }) => name).join(", ")}`,
      known,
    );
  }
  const cluster = files
    .flatMap(({ config, folder }) => config.clusters.map((entry) => ({ ...entry, folder })))
    .find(({ name }) => name === found.cluster);
  if (cluster === undefined) throw refusal(`Context ${context} names a cluster ${found.cluster} that is not there`, "");
  const actual = withoutSlash(cluster.cluster.server);
  if (server !== undefined && withoutSlash(server) !== actual) {
    throw new SwitchyardError(
      "cluster-context",
      `Context ${context} leads to ${actual}, and this environment lives at ${withoutSlash(server)}.`,
      { facts: { context, server: actual, expected: server } },
    );
  }
  const user = files
    .flatMap(({ config, folder }) => config.users.map((entry) => ({ ...entry, folder })))
    .find(({ name }) => name === found.user);
  return {
    context,
    server: actual,
    namespace: found.namespace ?? "default",
    tls: tlsOf(cluster.cluster, cluster.folder),
    credentials: credentialsOf(context, user?.user ?? {}, user?.folder ?? cluster.folder),
  };
}

function refusal(what: string, known: string): SwitchyardError {
  return new SwitchyardError("cluster-context", `${what}${known ? `; it has ${known}` : ""}.`);
}

const withoutSlash = (url: string) => url.replace(/\/+$/, "");

interface ReadFile {
  name: string;
  folder: string;
  config: z.output<typeof fileSchema>;
}

function readFiles(given: string | undefined): ReadFile[] {
  // a file's text has lines, and a path has none
  if (given?.includes("\n"))
    return [{ name: "the kubeconfig given", folder: process.cwd(), config: readText(given, "it") }];
  const listed = given ?? process.env.KUBECONFIG ?? "";
  const paths =
    listed === "" ? [join(homedir(), ".kube", "config")] : listed.split(delimiter).filter((path) => path !== "");
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) {
    throw new SwitchyardError("cluster-context", `There is no kubeconfig: ${paths.join(", ")} is not there.`);
  }
  return there.map((path) => {
    const text = readFileSync(path, "utf8");
    return { name: path, folder: dirname(resolve(path)), config: readText(text, path) };
  });
}

function readText(text: string, name: string): z.output<typeof fileSchema> {
  try {
    return fileSchema.parse(parse(text) ?? {});
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll("\n", " ") : messageOf(error);
    throw new SwitchyardError("cluster-context", `The kubeconfig ${name} cannot be read: ${why}.`, { cause: error });
  }
}

function tlsOf(cluster: z.output<typeof clusterSchema>, folder: string): ClusterAccess["tls"] {
  const ca = textOf(cluster["certificate-authority-data"], cluster["certificate-authority"], folder);
  const servername = cluster["tls-server-name"];
  return {
    ...(ca !== undefined && { ca }),
    ...(servername !== undefined && { servername }),
    rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
  };
}

function credentialsOf(context: string, user: z.output<typeof userSchema>, folder: string): Credentials {
  const cert = textOf(user["client-certificate-data"], user["client-certificate"], folder);
  const key = textOf(user["client-key-data"], user["client-key"], folder);
  if (user.token !== undefined) return { kind: "token", token: user.token };
  if (user.tokenFile !== undefined) return { kind: "token-file", file: resolve(folder, user.tokenFile) };
  if (cert !== undefined && key !== undefined) return { kind: "certificate", cert, key };
  if (user.exec) return { kind: "exec", plugin: user.exec, folder };
  const unsupported = user["auth-provider"]
    ? "an auth-provider"
    : user.username !== undefined
      ? "a password"
      : undefined;
  if (unsupported === undefined) return { kind: "none" };
  throw refusal(
    `Context ${context} logs in by ${unsupported}, which Kubernetes no longer supports: use exec or a token`,
    "",
  );
}

/** Inline data in base64, or else a file. */
function textOf(data: string | undefined, file: string | undefined, folder: string): string | undefined {
  if (data !== undefined && data !== "") return Buffer.from(data, "base64").toString("utf8");
  if (file === undefined || file === "") return undefined;
  const path = resolve(folder, file);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new SwitchyardError("cluster-context", `The kubeconfig names ${path}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
