/** A project of a test's own: a git repository of tiny services, teams with short times, drivers as processes, and users. */
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { JournalEntry, ReleaseReport, TeamStatus } from "../../automation/api";
import type { TeamConfigInput } from "../../config/team";
import { portStretch } from "../ports";

const root = join(__dirname, "..", "..");
const good = ["v1", "v2", "v3", "v4"];
const broken = ["turns-bad", "unhealthy", "exits", "never-listens", "hangs", "garbage", "build-fails"];

/** Where a driver does something to itself: at the entry with these values. */
export interface At {
  do: "kill" | "stop" | "abort";
  seq?: number;
  kind?: JournalEntry["kind"];
  phase?: string;
  /** So much later: somewhere in what comes after the entry. */
  afterMs?: number;
}

export interface Failure {
  code: string;
  message: string;
  next: string;
}

export interface Answer<T> {
  result?: T;
  error?: Failure;
  journal: JournalEntry[];
}

/** A driver's process. `call` settles with its answer, or with neither result nor error when the process is gone. */
export class Driver {
  private readonly waiting = new Map<number, { journal: JournalEntry[]; settle(answer: Answer<unknown>): void }>();
  private readonly watchers = new Set<(entry: JournalEntry) => void>();
  private calls = 0;
  readonly child: ChildProcess;
  readonly exited: Promise<NodeJS.Signals | number | null>;

  constructor(
    private readonly dir: string,
    more: Record<string, string> = {},
  ) {
    const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PULUMI_")));
    this.child = fork(join(__dirname, "driver.cjs"), [], { env: { ...own, ...more }, cwd: dir, execArgv: [] });
    this.child.on("message", (message) => this.heard(message as Message));
    this.exited = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => {
        for (const { journal, settle } of this.waiting.values()) settle({ journal });
        resolve(signal ?? code);
      });
    });
  }

  call<T = ReleaseReport>(call: string, args: unknown[], at?: At): Promise<Answer<T>> {
    this.calls += 1;
    const id = this.calls;
    const answer = new Promise<Answer<unknown>>((settle) => this.waiting.set(id, { journal: [], settle }));
    this.child.send({ id, call, dir: this.dir, args, at });
    return answer as Promise<Answer<T>>;
  }

  /** The next entry of which this is true. */
  entry(isIt: (entry: JournalEntry) => boolean): Promise<JournalEntry> {
    return new Promise((resolve) => {
      const watcher = (entry: JournalEntry) => {
        if (!isIt(entry)) return;
        this.watchers.delete(watcher);
        resolve(entry);
      };
      this.watchers.add(watcher);
    });
  }

  async end(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.exited;
  }

  private heard({ id = 0, entry, result, error }: Message): void {
    const call = this.waiting.get(id);
    if (!call) return;
    if (entry) {
      call.journal.push(entry);
      for (const watcher of this.watchers) watcher(entry);
      return;
    }
    this.waiting.delete(id);
    call.settle({ journal: call.journal, ...(error ? { error } : { result }) });
  }
}

interface Message {
  id?: number;
  entry?: JournalEntry;
  result?: unknown;
  error?: Failure;
}

export interface Site {
  dir: string;
  /** Where users' requests arrive. */
  url: string;
  /** A driver that stays, for everything that is not disturbed. */
  desk: Driver;
  /** A driver of its own for one call; it is ended afterwards. */
  drive<T = ReleaseReport>(call: string, args: unknown[], at?: At): Promise<Answer<T>>;
  driver(env?: Record<string, string>): Driver;
  /** Writes the config anew; an `up` makes it so. */
  configure(teams: Record<string, TeamOverrides>): void;
  release(team: string, ref: string): Promise<ReleaseReport>;
  status(team: string): Promise<TeamStatus>;
  /** State and load balancer say the same, and exactly one slot has the traffic, all of it. */
  expectWhole(team: string): Promise<TeamStatus>;
  /** Ends everything and removes the folder; throws where a process was left. */
  close(): Promise<void>;
}

type TeamOverrides = { release?: TeamConfigInput["release"]; rules?: TeamConfigInput["rules"] };

/** Brings environment `dev` up with these teams, each at the version `v1` unless `empty`. */
export async function makeSite(teams: Record<string, TeamOverrides>, more: { empty?: string[] } = {}): Promise<Site> {
  const dir = mkdtempSync(join(tmpdir(), "switchyard-automation-"));
  makeRepository(join(dir, "repo"));
  copyFileSync(join(root, "Pulumi.yaml"), join(dir, "Pulumi.yaml"));
  const names = Object.keys(teams);
  const firstPort = await portStretch();
  const port = firstPort + 10 * names.length;
  const configure = (overrides: Record<string, TeamOverrides>) => {
    const config = {
      "switchyard:platform": "local",
      "switchyard:firstPort": firstPort,
      "switchyard:loadBalancer": { port },
      "switchyard:teams": Object.fromEntries(names.map((name) => [name, teamConfig(name, overrides[name] ?? {})])),
    };
    // JSON is YAML
    writeFileSync(join(dir, "Pulumi.dev.yaml"), JSON.stringify({ config }, null, 2));
  };
  configure(teams);

  const drivers: Driver[] = [];
  const driver = (env: Record<string, string> = {}) => {
    const made = new Driver(dir, env);
    drivers.push(made);
    return made;
  };
  const status = async (team: string) => {
    const all = result(await site.desk.call<TeamStatus[]>("status", ["dev"]));
    const found = all.find((one) => one.team === team);
    if (!found) throw new Error(`no status of ${team}`);
    return found;
  };
  const site: Site = {
    dir,
    url: `http://127.0.0.1:${port}`,
    desk: driver(),
    driver,
    async drive(call, args, at) {
      const one = driver();
      try {
        return await one.call(call, args, at);
      } finally {
        await one.end();
      }
    },
    configure,
    release: async (team, ref) => result(await site.desk.call("release", [{ environment: "dev", team, ref }])),
    status,
    async expectWhole(team) {
      const found = await status(team);
      const shares = found.slots.map(({ weight }) => weight).sort();
      expect({ agrees: found.agrees, weights: found.route?.weights, shares, unfinished: found.unfinished }).toEqual({
        agrees: true,
        weights: found.liveRoute?.weights,
        shares: [0, 100],
        unfinished: null,
      });
      expect(found.slots.filter(({ live, weight }) => live && weight === 100)).toHaveLength(1);
      return found;
    },
    async close() {
      const down = await site.desk.call("down", ["dev", { deleteData: true }]);
      await Promise.all(drivers.map((one) => one.end()));
      const left = processesOf(dir);
      for (const pid of left) process.kill(pid, "SIGKILL");
      rmSync(dir, { recursive: true, force: true });
      expect({ down: down.error, left }).toEqual({ down: undefined, left: [] });
    },
  };
  try {
    result(await site.desk.call("up", ["dev"]));
    const started = names.filter((name) => !more.empty?.includes(name));
    const reports = await Promise.all(started.map((name) => site.release(name, "v1")));
    expect(reports.map(({ outcome, reason }) => [outcome, reason])).toEqual(
      started.map(() => ["settled", "the candidate is live"]),
    );
  } catch (thrown) {
    await site.close().catch(() => undefined); // the first failure is the one to tell
    throw thrown;
  }
  return site;
}

export function result<T>(answer: Answer<T>): T {
  if (answer.error) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer.result as T;
}

function teamConfig(name: string, { release, rules }: TeamOverrides) {
  return {
    branchPrefix: `feature/${name}`,
    slots: [`${name}-1`, `${name}-2`],
    paths: [`/${name}`],
    health: { endpoints: [`/${name}/health`], interval: "100ms", timeout: "500ms" },
    source: { repository: "repo", path: "service", build: [["node", "build.js"]] },
    release: { bake: "300ms", stepBake: "300ms", verifyTimeout: "3s", drain: "1s", warm: "60s", ...release },
    rules: { minimumRequests: 1, ...rules },
  } satisfies TeamConfigInput;
}

/** One branch for each behaviour. */
function makeRepository(dir: string): void {
  const service = join(dir, "service");
  mkdirSync(service, { recursive: true });
  for (const file of ["service.js", "build.js"]) {
    copyFileSync(join(__dirname, "fixtures", file), join(service, file === "service.js" ? "server.js" : file));
  }
  const identity = {
    GIT_AUTHOR_NAME: "Test",
    GIT_AUTHOR_EMAIL: "test@example.invalid",
    GIT_COMMITTER_NAME: "Test",
    GIT_COMMITTER_EMAIL: "test@example.invalid",
  };
  const env = { PATH: process.env.PATH ?? "", ...identity };
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: dir, env, stdio: ["ignore", "ignore", "inherit"] });
  git("init", "--quiet", "--initial-branch", "main");
  for (const name of [...good, ...broken]) {
    writeFileSync(join(service, "behaviour"), `${name}\n`);
    git("add", ".");
    git("commit", "--quiet", "--message", name);
    git("branch", name);
  }
}

/** Processes that work in the folder or were started with it in their arguments. */
function processesOf(dir: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dir) ||
          readFileSync(`/proc/${pid}/environ`, "utf8").includes(`${dir}/`)
        );
      } catch {
        return false; // gone, or somebody else's
      }
    })
    .map(Number);
}

export interface Users {
  /** Ends the load; what went wrong, one line each, and the slots that answered. */
  end(): Promise<{ total: number; failures: string[]; slots: string[] }>;
}

/** One keep-alive client that asks each of the teams in turn, about a hundred times a second. */
export function users(site: Site, teams: string[]): Users {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const failures: string[] = [];
  const slots = new Set<string>();
  let total = 0;
  let on = true;
  const loop = (async () => {
    while (on) {
      const team = teams[total % teams.length] ?? "";
      total += 1;
      const { status, body, slot } = await ask(`${site.url}/${team}/work`, agent);
      if (slot !== undefined) slots.add(slot);
      if (status !== 200) failures.push(`${new Date().toISOString()} ${team}: ${status} ${body}`);
      await delay(8);
    }
    agent.destroy();
  })();
  return {
    async end() {
      on = false;
      await loop;
      return { total, failures, slots: [...slots] };
    },
  };
}

/** Status 0: no answer, and `body` says why. */
export function ask(
  url: string,
  agent?: http.Agent,
): Promise<{ status: number; body: string; slot: string | undefined }> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent, timeout: 5000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text) => {
        body += text;
      });
      response.on("end", () => {
        const slot = response.headers["x-switchyard-slot"];
        resolve({ status: response.statusCode ?? 0, body, slot: typeof slot === "string" ? slot : undefined });
      });
      response.on("error", (error) => resolve({ status: 0, body: error.message, slot: undefined }));
    });
    request.on("timeout", () => request.destroy(new Error("timed out")));
    request.on("error", (error) => resolve({ status: 0, body: error.message, slot: undefined }));
  });
}
