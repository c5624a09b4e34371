import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GeneratedCommit, importCommits } from "../../bench/branches/import";
import { runGit } from "../../branches/git";
import { openBranches, type ProjectBranches } from "../../branches/lifecycle";
import { type ConflictReport, type MatrixNews, watchConflicts } from "../../branches/watch";
import { seedTeams } from "../../config/seed";
import { teamSchema } from "../../config/team";
import { numbered, temporaryFolder } from "./support";

const config = {
  teams: Object.fromEntries(
    Object.entries(seedTeams).map(([name, team]) => [
      name,
      { ...teamSchema.parse(team), source: { repository: "clone", path: ".", build: [], start: ["x"] } },
    ]),
  ),
  branches: { base: "main", remote: "origin" },
};
const [a, b] = ["feature/realtime-a", "feature/ai-workflow-b"];

/** A shared remote with two branches and somebody's clone, whose address of the remote is a URL or a folder. */
async function shared(address: (remote: string) => string = (remote) => remote) {
  const project = temporaryFolder();
  const remote = join(project, "remote.git");
  const text = (changed: Record<number, string>) => ({ mode: "100644", data: Buffer.from(numbered(20, changed)) });
  const commits: GeneratedCommit[] = [
    { branch: "main", files: new Map([["f", text({})]]), parents: [] },
    { branch: a, files: new Map([["f", text({ 5: "a" })]]), parents: [0] },
    { branch: b, files: new Map([["f", text({ 15: "b" })]]), parents: [0] },
  ];
  await importCommits(remote, commits);
  await runGit(project, ["clone", "--quiet", address(remote), "clone"]);
  const clone = join(project, "clone");
  for (const setting of [
    ["user.name", "Ann"],
    ["user.email", "ann@example.invalid"],
  ])
    await runGit(clone, ["config", ...setting]);
  /** Commits to a branch in the clone and pushes it. */
  const push = async (branch: string, changed: Record<number, string>) => {
    await runGit(clone, ["switch", "--quiet", "--force-create", "work", `origin/${branch}`]);
    writeFileSync(join(clone, "f"), numbered(20, changed));
    await runGit(clone, ["commit", "--quiet", "--all", "-m", "change"]);
    await runGit(clone, ["push", "--quiet", "--force", "origin", `HEAD:refs/heads/${branch}`]);
  };
  return { project, remote, clone, push };
}

class Watching {
  readonly news: MatrixNews[] = [];
  readonly troubles: unknown[] = [];
  private readonly stop = new AbortController();
  private readonly ended: Promise<void>;

  constructor(readonly opened: ProjectBranches) {
    const [place] = opened.places;
    if (!place) throw new Error("no place");
    this.ended = watchConflicts(place, {
      signal: this.stop.signal,
      everyMs: 100,
      onNews: (news) => this.news.push(news),
      onTrouble: (thrown) => this.troubles.push(thrown),
    });
  }
  static async of(project: string): Promise<Watching> {
    return new Watching(await openBranches(project, config));
  }
  async until<T>(find: () => T | undefined): Promise<T> {
    for (
      const deadline = Date.now() + 60_000;
      Date.now() < deadline;
      await new Promise((resume) => setTimeout(resume, 20))
    ) {
      const found = find();
      if (found !== undefined) return found;
    }
    throw new Error(`not seen in ${JSON.stringify(this.news)}`);
  }
  told = (state: ConflictReport["state"], theirs = a) =>
    this.until(() =>
      this.news.flatMap(({ reports }) => reports).find((report) => report.state === state && report.theirs === theirs),
    );
  async end(): Promise<void> {
    this.stop.abort();
    await this.ended;
    this.opened.close();
  }
}

test.each([
  ["a folder", (remote: string) => remote],
  ["a URL", (remote: string) => `file://localhost${remote}`],
])("a push to a remote that is %s is told with files, lines and people, and so is its end", async (_kind, address) => {
  const { project, push } = await shared(address);
  const watching = await Watching.of(project);
  try {
    await watching.until(() => watching.news[0]);
    expect(watching.news[0]).toMatchObject({ first: true, moved: ["main", b, a], reports: [] });
    await push(b, { 5: "b too", 15: "b" });
    const line = { from: 5, count: 1 };
    expect(await watching.told("conflict")).toMatchObject({
      ours: b,
      theirs: a,
      files: [{ path: "f", kind: "content", ranges: [{ base: line, ours: line, theirs: line }] }],
      since: expect.stringMatching(/^20/),
      people: {
        ours: expect.arrayContaining(["Ann <ann@example.invalid>"]),
        theirs: ["Generated <generated@example.invalid>"],
      },
    });
    await push(b, { 15: "b again" });
    await watching.told("resolved");
    expect(watching.troubles).toEqual([]);
  } finally {
    await watching.end();
  }
});

test("how long a conflict has been there is known after a restart", async () => {
  const { project, push } = await shared();
  await push(b, { 5: "b too" });
  const first = await Watching.of(project);
  const { since } = await first.told("conflict");
  await first.end();
  const second = await Watching.of(project);
  expect((await second.told("conflict")).since).toBe(since);
  await second.end();
});

test("a branch that is force-pushed or deleted meanwhile, and a remote that is away for a while, stop nothing", async () => {
  const { project, remote, push } = await shared();
  await push(b, { 5: "b too" });
  const watching = await Watching.of(project);
  try {
    await watching.told("conflict");
    renameSync(remote, `${remote}.away`);
    await watching.until(() => watching.troubles[0]);
    renameSync(`${remote}.away`, remote);
    await runGit(remote, ["update-ref", "-d", `refs/heads/${b}`]);
    await watching.told("resolved");
    await runGit(remote, ["update-ref", `refs/heads/${a}`, "main"]);
    await watching.until(() => watching.news.find(({ moved }) => moved.includes(a) && !moved.includes("main")));
    expect(watching.news.at(-1)).toMatchObject({ moved: [a], reports: [] });
  } finally {
    await watching.end();
  }
});

test("the watch moves nothing that the clone's owner has", async () => {
  const { project, clone, push } = await shared((remote) => `file://localhost${remote}`);
  const owned = async () =>
    (await runGit(clone, ["for-each-ref", "refs/heads", "refs/remotes", "refs/tags"])).stdout.toString();
  const status = async () => (await runGit(clone, ["status", "--porcelain=v2", "--branch"])).stdout.toString();
  await push(b, { 5: "b too" });
  const before = [await owned(), await status()];
  const watching = await Watching.of(project);
  await watching.told("conflict");
  await watching.end();
  expect([await owned(), await status()]).toEqual(before);
});
