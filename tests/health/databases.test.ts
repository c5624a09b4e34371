/** Against the servers themselves. One that this machine has not is left out, and said. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mysqlProbe, postgresProbe, redisProbe, sqliteProbe } from "../../health/probes/database";
import type { ServerSpec } from "../../health/probes/database/judge";
import { portStretch } from "../ports";
import { closeTargets, probed, rawTarget, until } from "./support";

const host = "127.0.0.1";
const folders: string[] = [];
const servers: ChildProcess[] = [];

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "switchyard-database-"));
  // a server may have to run as another user
  chmodSync(made, 0o777);
  folders.push(made);
  return made;
};

afterEach(closeTargets);
afterAll(async () => {
  for (const server of servers) server.kill("SIGKILL");
  await until(() => servers.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null));
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql") : [];
const places = [
  ...(process.env.PATH ?? "").split(delimiter),
  "/usr/sbin",
  ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`),
];
const programs: Record<string, string> = {};
for (const name of ["postgres", "initdb", "mariadbd", "mariadb-install-db", "redis-server"]) {
  const place = places.find((one) => existsSync(join(one, name)));
  if (place) programs[name] = join(place, name);
}
const left = (...names: string[]) => names.filter((name) => programs[name] === undefined);

/** Runs where the programs are. */
function withServers(names: string[], title: string, work: () => Promise<void>): void {
  const missing = left(...names);
  if (missing.length > 0) console.warn(`LEFT OUT: "${title}": not installed: ${missing.join(", ")}`);
  (missing.length > 0 ? test.skip : test)(title, work);
}

/** Postgres and MariaDB refuse to run as root. */
const isRoot = process.getuid?.() === 0;
const asNobody = (command: string[]) =>
  isRoot ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", ...command] : command;
const run = ([program = "", ...args]: string[]) => execFileSync(program, args, { stdio: "pipe", cwd: tmpdir() });
const start = ([program = "", ...args]: string[]) => {
  const server = spawn(program, args, { stdio: "ignore", cwd: tmpdir() });
  servers.push(server);
  return server;
};

const passes = async (probe: Parameters<typeof probed>[0]) => (await probed(probe, 5_000)).verdict === "pass";

withServers(
  ["postgres", "initdb"],
  "PostgreSQL: answers, connections, refusals and what cannot be changed",
  async () => {
    const dir = folder();
    const data = join(dir, "data");
    const passwords = join(dir, "password");
    writeFileSync(passwords, "s3cret\n");
    const port = await portStretch();
    const { initdb = "", postgres = "" } = programs;
    run(asNobody([initdb, "-D", data, "-U", "checker", "-A", "scram-sha-256", `--pwfile=${passwords}`, "--no-sync"]));
    start(asNobody([postgres, "-D", data, "-p", `${port}`, "-h", host, "-k", dir, "-c", "fsync=off"]));
    const spec: ServerSpec = { host, port, user: "checker", password: "s3cret", database: "postgres" };
    await until(() => passes(postgresProbe(spec)));

    const found = await probed(postgresProbe({ ...spec, query: "SELECT count(*) FROM pg_class" }));
    expect(found).toMatchObject({
      verdict: "pass",
      evidence: expect.stringMatching(/\d+ of 100 connections are used/),
    });
    expect(found.measurements.map(({ name }) => name)).toEqual(["responseTime", "connections", "utilization"]);
    expect(await probed(postgresProbe({ ...spec, slowAfterMs: 0 }))).toMatchObject({ verdict: "warn" });

    const wrong = await probed(postgresProbe({ ...spec, password: "wr0ng" }));
    expect(wrong).toMatchObject({
      verdict: "fail",
      evidence: expect.stringContaining("password authentication failed"),
    });
    expect(wrong.evidence).not.toContain("wr0ng");
    expect(await probed(postgresProbe({ ...spec, query: "CREATE TABLE t (i int)" }))).toMatchObject({
      verdict: "fail",
      evidence: expect.stringContaining("read-only"),
    });
    expect(await probed(postgresProbe({ ...spec, query: "SELECT pg_sleep(60)" }), 300)).toMatchObject({
      evidence: "no whole answer within 300 ms",
    });
  },
);

withServers(
  ["mariadbd", "mariadb-install-db"],
  "MySQL: answers, connections, refusals and what cannot be changed",
  async () => {
    const data = join(folder(), "data");
    const port = await portStretch();
    const { mariadbd = "", "mariadb-install-db": install = "" } = programs;
    run(asNobody([install, "--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal"]));
    const file = join(folder(), "init.sql");
    writeFileSync(
      file,
      "CREATE USER checker@'127.0.0.1' IDENTIFIED BY 's3cret';\nGRANT ALL ON *.* TO checker@'127.0.0.1';",
    );
    const options = [`--datadir=${data}`, `--port=${port}`, `--bind-address=${host}`, `--init-file=${file}`];
    start(asNobody([mariadbd, "--no-defaults", "--skip-name-resolve", ...options, `--socket=${join(data, "s")}`]));
    const spec: ServerSpec = { host, port, user: "checker", password: "s3cret", database: "mysql" };
    await until(() => passes(mysqlProbe(spec)));

    const found = await probed(mysqlProbe({ ...spec, query: "SELECT count(*) FROM user", maxLagMs: 1000 }));
    expect(found).toMatchObject({
      verdict: "pass",
      evidence: expect.stringMatching(/\d+ of 151 connections are used/),
    });
    const wrong = await probed(mysqlProbe({ ...spec, password: "wr0ng" }));
    expect(wrong).toMatchObject({ verdict: "fail", evidence: expect.stringContaining("Access denied") });
    expect(wrong.evidence).not.toContain("wr0ng");
    expect(await probed(mysqlProbe({ ...spec, query: "DELETE FROM user" }))).toMatchObject({
      verdict: "fail",
      evidence: expect.stringContaining("READ ONLY"),
    });
    expect(await probed(mysqlProbe({ ...spec, query: "SELECT SLEEP(60)" }), 300)).toMatchObject({
      evidence: "no whole answer within 300 ms",
    });
  },
);

withServers(["redis-server"], "Redis: answers, refusals, and a replica that lost its master", async () => {
  const first = await portStretch();
  const { "redis-server": redis = "" } = programs;
  const serve = (port: number, ...more: string[]) =>
    start([
      redis,
      "--port",
      `${port}`,
      "--bind",
      host,
      "--save",
      "",
      "--dir",
      folder(),
      "--requirepass",
      "s3cret",
      ...more,
    ]);
  const master = serve(first);
  serve(first + 1, "--replicaof", `${host} ${first}`, "--masterauth", "s3cret");
  const spec = { host, port: first, password: "s3cret" };
  await until(() => passes(redisProbe(spec)));

  expect((await probed(redisProbe(spec))).evidence).toMatch(/^answered in \d+ ms; \d+ of \d+ connections are used$/);
  expect(await probed(redisProbe({ ...spec, password: "wr0ng" }))).toMatchObject({
    verdict: "fail",
    evidence: expect.stringMatching(/^(?!.*wr0ng).*(WRONGPASS|NOAUTH)/),
  });
  const replica = redisProbe({ ...spec, port: first + 1, maxLagMs: 60_000 });
  await until(() => passes(replica));
  master.kill("SIGKILL");
  await until(async () => (await probed(replica)).evidence === "the replica has lost its master");
  expect(await probed(redisProbe(spec))).toMatchObject({
    verdict: "fail",
    evidence: expect.stringContaining("ECONNREFUSED"),
  });
});

describe("SQLite", () => {
  const file = () => {
    const made = join(folder(), "data.db");
    const database = new DatabaseSync(made);
    database.exec("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('a')");
    database.close();
    return made;
  };

  test("a database is a pass; no file, another file, a bad query and a write are failures", async () => {
    const good = file();
    const other = join(folder(), "other.db");
    writeFileSync(other, "no database at all, and long enough to be looked at as one");
    const found = await Promise.all([
      probed(sqliteProbe({ file: good, query: "SELECT * FROM notes" })),
      probed(sqliteProbe({ file: join(folder(), "none.db") })),
      probed(sqliteProbe({ file: other })),
      probed(sqliteProbe({ file: good, query: "SELECT * FROM gone" })),
      probed(sqliteProbe({ file: good, query: "DELETE FROM notes" })),
    ]);
    expect(found.map(({ verdict }) => verdict)).toEqual(["pass", "fail", "fail", "fail", "fail"]);
    expect(found.slice(1).map(({ evidence }) => evidence)).toEqual([
      "unable to open database file",
      "file is not a database",
      "no such table: gone",
      "attempt to write a readonly database",
    ]);
  });

  test("a query that never ends is ended at the deadline, with its process", async () => {
    const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n";
    expect(await probed(sqliteProbe({ file: file(), query: endless }), 500)).toMatchObject({
      evidence: "no whole answer within 500 ms",
    });
  });
});

test.each([
  ["PostgreSQL", postgresProbe],
  ["MySQL", mysqlProbe],
  ["Redis", redisProbe],
])("%s: a server that is silent, hangs up or talks nonsense is a failure in time", async (_name, probe) => {
  const silent = await rawTarget(() => undefined);
  const hangsUp = await rawTarget((socket) => socket.destroy());
  const nonsense = await rawTarget((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const found = await Promise.all(
    [silent, hangsUp, nonsense].map((port) => probed(probe({ host, port, user: "u", password: "p" }), 700)),
  );
  expect(found.map(({ verdict }) => verdict)).toEqual(["fail", "fail", "fail"]);
  expect(found[0]?.evidence).toBe("no whole answer within 700 ms");
});
