/** A real API server with etcd and controllers on loopback, in a folder of its own. There is no node: who wants pods to run plays one. */
import { type ChildProcess, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, fetch } from "undici";
import { parse, stringify } from "yaml";
import { portStretch } from "../ports";

export interface Cluster {
  /** The file of a kubeconfig with the context `test`, which may do everything, and one of each user. */
  kubeconfig: string;
  stop(): Promise<void>;
}

const startDeadlineMs = 120_000;
/** Users and their groups: of `driver` and `member` those that a team's roles are for. */
const users = {
  admin: "system:masters",
  nobody: "nobodies",
  driver: "switchyard:prod:search:release",
  member: "switchyard:prod:search:view",
};
const tokenOf = (user: string) => `${user}-token`;

/** @param server the folder that `binary.cjs` built. */
export async function startCluster(server: string): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-cluster-"));
  const [etcdPort, peerPort, apiPort] = await threePorts();
  const url = `https://127.0.0.1:${apiPort}`;
  const started: ChildProcess[] = [];
  const run = (name: string, args: string[]) => {
    const child = spawn(join(server, "kubernetes"), [name, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(join(folder, `${name}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    started.unshift(child);
    // a run that is broken off leaves no server behind
    process.once("exit", () => child.kill("SIGKILL"));
    return child;
  };
  // the API server goes before its etcd: without one it does not listen to SIGTERM for a minute
  const stop = async () => {
    for (const child of started) await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    run("etcd", etcdArguments(folder, etcdPort, peerPort));
    const api = run("kube-apiserver", apiArguments(folder, etcdPort, apiPort, url));
    const certificate = join(folder, "apiserver.crt");
    await until(
      () => existsSync(certificate),
      () => isRunning(api, folder),
    );
    const kubeconfig = writeKubeconfig(folder, url, readFileSync(certificate));
    const ask = client(url, readFileSync(certificate, "utf8"));
    await until(
      async () => (await ask("GET", "/readyz")) === 200,
      () => isRunning(api, folder),
    );
    run("controllers", [kubeconfig]);
    await define(join(server, "definitions"), ask);
    return { kubeconfig, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function threePorts(): Promise<[number, number, number]> {
  const first = await portStretch();
  return [first, first + 1, first + 2];
}

function etcdArguments(folder: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`],
  ];
}

function apiArguments(folder: string, etcdPort: number, port: number, url: string): string[] {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = join(folder, "service-accounts.key");
  writeFileSync(key, privateKey.export({ type: "pkcs1", format: "pem" }));
  const tokens = join(folder, "tokens.csv");
  const lines = Object.entries(users).map(([user, group]) => `${tokenOf(user)},${user},${user},"${group}"\n`);
  writeFileSync(tokens, lines.join(""));
  return [
    ...[`--etcd-servers=http://127.0.0.1:${etcdPort}`, "--bind-address=127.0.0.1", `--secure-port=${port}`],
    ...[`--cert-dir=${folder}`, `--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
    ...[`--service-account-issuer=${url}`, `--token-auth-file=${tokens}`, "--authorization-mode=RBAC"],
    ...["--service-cluster-ip-range=10.96.0.0/16", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"],
    // nobody is here who would take the protection of volumes away again
    ...["--allow-privileged=true", "--disable-admission-plugins=StorageObjectInUseProtection"],
  ];
}

function writeKubeconfig(folder: string, server: string, certificate: Buffer): string {
  const file = join(folder, "kubeconfig");
  const cluster = "test";
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { server, "certificate-authority-data": certificate.toString("base64") } }],
    users: Object.keys(users).map((name) => ({ name, user: { token: tokenOf(name) } })),
    contexts: [
      { name: "test", context: { cluster, user: "admin" } },
      ...Object.keys(users).map((user) => ({ name: user, context: { cluster, user } })),
    ],
    "current-context": "test",
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

type Ask = (method: string, path: string, body?: string) => Promise<number>;

function client(url: string, ca: string): Ask {
  const dispatcher = new Agent({ connect: { ca } });
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${tokenOf("admin")}`, "content-type": "application/json" };
    try {
      const answer = await fetch(url + path, { method, dispatcher, headers, ...(body && { body }) });
      await answer.text();
      return answer.status;
    } catch (error) {
      // not there yet
      if (error instanceof TypeError) return 0;
      throw error;
    }
  };
}

async function define(folder: string, ask: Ask): Promise<void> {
  for (const file of readdirSync(folder)) {
    const definition: unknown = parse(readFileSync(join(folder, file), "utf8"));
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    const status = await ask("POST", path, JSON.stringify(definition));
    if (status !== 201) throw new Error(`${file} was not accepted: ${status}`);
  }
  await until(
    async () =>
      (await ask("GET", "/apis/gateway.networking.k8s.io/v1/httproutes")) === 200 &&
      (await ask("GET", "/apis/monitoring.coreos.com/v1/prometheusrules")) === 200,
    () => undefined,
  );
}

function isRunning(child: ChildProcess, folder: string): void {
  if (child.exitCode === null && child.signalCode === null) return;
  const logs = ["etcd.log", "kube-apiserver.log"].map((name) => join(folder, name)).filter(existsSync);
  const words = logs.map((log) => readFileSync(log, "utf8").split("\n").slice(-8).join("\n"));
  throw new Error(`the API server ended while it started:\n${words.join("\n")}`);
}

async function until(good: () => boolean | Promise<boolean>, check: () => void): Promise<void> {
  const deadline = Date.now() + startDeadlineMs;
  while (!(await good())) {
    check();
    if (Date.now() > deadline) throw new Error(`the API server was not ready after ${startDeadlineMs / 1000} s`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.once("exit", () => {
      clearTimeout(hard);
      done();
    });
    child.kill("SIGTERM");
  });
}
