import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runGit } from "../../branches/git";
import {
  createBranch,
  finishBranch,
  listBranches,
  openWorkspace,
  prunable,
  pruneBranches,
  restoreBranch,
  syncBranch,
} from "../../branches/lifecycle";
import { branchHistory } from "../../branches/lifecycle/history";
import { seedTeams } from "../../config/seed";
import { teamSchema } from "../../config/team";
import { openRecords } from "../../store";
import { numbered, temporaryFolder } from "./support";

const team = "realtime-collaboration";
const teams = Object.fromEntries(Object.entries(seedTeams).map(([name, config]) => [name, teamSchema.parse(config)]));
const config = teams[team] as (typeof teams)[string];

/** Somebody at a machine: a clone of the shared remote beside it, with a project folder's records. */
class Person {
  readonly folder: string;
  private readonly records = openRecords(join(temporaryFolder(), "records.db"));

  constructor(
    readonly name: string,
    place: string,
  ) {
    this.folder = join(place, name);
  }

  async clone(): Promise<void> {
    await runGit(dirname(this.folder), ["clone", "--quiet", "--template=", "./shared.git", this.name]);
    await this.git("remote", "set-url", "origin", "../shared.git");
    await this.git("config", "user.name", this.name);
    await this.git("config", "user.email", `${this.name}@example.invalid`);
  }
  end = () => this.records.close();
  git = async (...args: string[]): Promise<string> => (await runGit(this.folder, args)).stdout.toString().trimEnd();
  write = (file: string, text: string) => writeFileSync(join(this.folder, file), text);
  read = (file: string) => readFileSync(join(this.folder, file), "utf8");
  async commit(files: Record<string, string>, message = "work"): Promise<string> {
    for (const [file, text] of Object.entries(files)) this.write(file, text);
    await this.git("add", "--all");
    await this.git("commit", "--quiet", "-m", message);
    return this.git("rev-parse", "HEAD");
  }
  private workspace = () => openWorkspace({ folder: this.folder, base: "main", remote: "origin" });
  private history = async () => branchHistory(this.records, (await this.workspace()).git.gitDir);
  create = async (topic: string) => createBranch(await this.workspace(), await this.history(), { team, config, topic });
  sync = async (branch: string, policy: "rebase" | "merge" = "rebase") =>
    syncBranch(await this.workspace(), await this.history(), { branch, policy });
  finish = async (branch: string, policy: "rebase" | "merge" = "merge") =>
    finishBranch(await this.workspace(), await this.history(), { branch, policy });
  prunable = async () => prunable(await this.workspace(), teams);
  prune = async () => pruneBranches(await this.workspace(), await this.history(), await this.prunable());
  restore = async (branch: string) => restoreBranch(await this.workspace(), await this.history(), branch);
  list = async () => listBranches(await this.workspace(), teams);
  told = async () => (await this.history()).read({ limit: 50 }).map(({ action, branch, who }) => [action, branch, who]);
}

/** A remote with a first commit, and clones of it: made once and copied, which is faster. */
let template: string;
let remote: string;
let people: Person[] = [];
let ann: Person;
let ben: Person;
let cat: Person;

beforeAll(async () => {
  template = temporaryFolder();
  const shared = join(template, "shared.git");
  mkdirSync(shared);
  await runGit(shared, ["init", "--quiet", "--bare", "--template=", "--initial-branch", "main"]);
  const [first, ...others] = ["ann", "ben", "cat"].map((name) => new Person(name, template));
  await first?.clone();
  await first?.git("switch", "--quiet", "--orphan", "main");
  await first?.commit({ "cursor.ts": numbered(20), "other.ts": numbered(20), ".gitignore": ".env\n" }, "first");
  await first?.git("push", "--quiet", "origin", "main");
  for (const other of others) await other.clone();
  for (const each of [first, ...others]) each?.end();
});

beforeEach(() => {
  const place = temporaryFolder();
  cpSync(template, place, { recursive: true });
  remote = join(place, "shared.git");
  [ann, ben, cat] = [new Person("ann", place), new Person("ben", place), new Person("cat", place)];
  people = [ann, ben, cat];
});

const onRemote = async (ref: string): Promise<string> =>
  (await runGit(remote, ["rev-parse", "--verify", "--quiet", ref], { answers: [0, 1] })).stdout.toString().trim();

afterEach(() => {
  for (const each of people) each.end();
});

const cursors = "feature/realtime-cursors";

describe("create", () => {
  test("makes the branch from the base by the team's naming rule, here and on the remote, and switches nothing", async () => {
    const made = await ann.create("cursors");
    expect(made).toMatchObject({ branch: cursors, action: "create", after: await onRemote("main") });
    expect(await onRemote(cursors)).toBe(await onRemote("main"));
    expect(await ann.git("rev-parse", cursors)).toBe(await onRemote("main"));
    expect(await ann.git("branch", "--show-current")).toBe("main");
    expect(await ann.told()).toEqual([["create", cursors, "ann <ann@example.invalid>"]]);
  });

  test("of people who make the same one at once, one gets it", async () => {
    const made = await Promise.allSettled([ann.create("cursors"), ben.create("cursors"), cat.create("cursors")]);
    expect(made.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    for (const each of made)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "branch-refused" });
  });

  test("refuses names that no team's rule allows, whatever a shell or git would make of them", async () => {
    for (const topic of ["$(touch x)", "a b", "-f", "../main", "x.lock", "", "Cursors", "a..b", "@{u}", "ä"])
      await expect(ann.create(topic)).rejects.toMatchObject({ code: "branch-invalid" });
  });
});

describe("sync", () => {
  test.each(["rebase", "merge"] as const)("by %s brings together what two people and the base did", async (policy) => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", cursors);
    await ben.git("fetch", "--quiet");
    await ben.git("switch", "--quiet", cursors);
    await ann.commit({ "cursor.ts": numbered(20, { 3: "ann" }) });
    await ann.sync(cursors, policy);
    await ben.commit({ "other.ts": numbered(20, { 9: "ben" }) });
    await cat.commit({ "third.ts": "cat\n" });
    await cat.git("push", "--quiet", "origin", "main");

    await ben.sync(cursors, policy);
    await ann.sync(cursors, policy);
    for (const each of [ann, ben]) {
      expect(each.read("cursor.ts")).toContain("ann");
      expect(each.read("other.ts")).toContain("ben");
      expect(each.read("third.ts")).toBe("cat\n");
      expect(await each.git("rev-parse", "HEAD")).toBe(await onRemote(cursors));
      expect(await each.git("status", "--porcelain")).toBe("");
    }
    const merges = await ann.git("rev-list", "--count", "--merges", `main..${cursors}`);
    if (policy === "rebase") expect(merges).toBe("0");
  });

  test("leaves everything as it is where the base changed the same lines, and names the files", async () => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", cursors);
    const mine = await ann.commit({ "cursor.ts": numbered(20, { 3: "ann" }) });
    await ben.commit({ "cursor.ts": numbered(20, { 3: "ben" }) });
    await ben.git("push", "--quiet", "origin", "main");
    for (const policy of ["rebase", "merge"] as const)
      await expect(ann.sync(cursors, policy)).rejects.toMatchObject({
        code: "branch-conflict",
        facts: { files: ["cursor.ts"] },
      });
    expect(await ann.git("rev-parse", "HEAD")).toBe(mine);
    expect(await ann.git("status", "--porcelain")).toBe("");
    expect(await ann.git("worktree", "list")).not.toContain("switchyard-combine");
    expect(await onRemote(cursors)).not.toBe(mine);
  });

  test("touches no checkout with uncommitted changes, nor an ignored file that the base has now", async () => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", cursors);
    await ben.git("rm", "--quiet", "--cached", ".gitignore");
    await ben.commit({ ".env": "from the base\n", ".gitignore": "" });
    await ben.git("push", "--quiet", "origin", "main");
    ann.write("cursor.ts", "not committed\n");
    await expect(ann.sync(cursors)).rejects.toMatchObject({ code: "branch-refused" });
    expect(ann.read("cursor.ts")).toBe("not committed\n");
    await ann.git("checkout", "--quiet", "cursor.ts");
    ann.write(".env", "SECRET=mine\n");
    await expect(ann.sync(cursors)).rejects.toMatchObject({
      code: "branch-refused",
      message: expect.stringContaining(".env"),
    });
    expect(ann.read(".env")).toBe("SECRET=mine\n");
    expect(await onRemote(cursors)).toBe(await ann.git("rev-parse", "HEAD"));
  });

  test("takes a rewritten remote branch over and puts only one's own commits on top", async () => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", cursors);
    await ann.commit({ "cursor.ts": numbered(20, { 3: "ann" }) });
    await ann.sync(cursors);
    await ben.git("fetch", "--quiet");
    await ben.git("switch", "--quiet", cursors);
    await ben.commit({ "other.ts": numbered(20, { 9: "ben" }) });
    const bens = await ben.git("rev-parse", "HEAD");
    ann.write("cursor.ts", numbered(20, { 3: "ann again" }));
    await ann.git("commit", "--quiet", "--all", "--amend", "-m", "amended");
    await ann.sync(cursors);
    expect(await onRemote(cursors)).toBe(await ann.git("rev-parse", "HEAD"));

    await ben.sync(cursors);
    expect(await ben.git("log", "--format=%s", "main..HEAD")).toBe("work\namended");
    expect(ben.read("cursor.ts")).toContain("ann again");
    // what was is still to be found
    expect(await ben.git("reflog", "--format=%H", cursors)).toContain(bens);
  });

  test("does nothing while a rebase of the branch waits for its owner", async () => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", cursors);
    await ann.commit({ "cursor.ts": numbered(20, { 3: "ann" }) });
    await ann.git("branch", "side", "main");
    await ann.git("switch", "--quiet", "side");
    await ann.commit({ "cursor.ts": numbered(20, { 3: "side" }) });
    await ann.git("switch", "--quiet", cursors);
    await expect(ann.git("rebase", "side")).rejects.toMatchObject({ code: "git-failed" });
    await expect(ann.sync(cursors)).rejects.toMatchObject({
      code: "branch-refused",
      message: expect.stringContaining("rebase"),
    });
  });

  test("when several push at once, everybody's commit arrives", async () => {
    await ann.create("cursors");
    const all = [ann, ben, cat];
    for (const each of all) {
      await each.git("fetch", "--quiet");
      await each.git("switch", "--quiet", cursors);
      await each.commit({ [`${each.name}.ts`]: "mine\n" }, each.name);
    }
    await Promise.all(all.map((each) => each.sync(cursors)));
    const subjects = await runGit(remote, ["log", "--format=%s", `main..${cursors}`]);
    expect(subjects.stdout.toString().trim().split("\n").sort()).toEqual(["ann", "ben", "cat"]);
  });
});

describe("finish, prune and restore", () => {
  async function withWork(topic: string, files: Record<string, string>): Promise<string> {
    const { branch } = await ann.create(topic);
    await ann.git("switch", "--quiet", branch);
    const commit = await ann.commit(files, topic);
    await ann.sync(branch);
    await ann.git("switch", "--quiet", "main");
    return commit;
  }

  test("finish lands the branch and takes it away, and anybody can bring it back", async () => {
    const commit = await withWork("cursors", { "cursor.ts": numbered(20, { 3: "ann" }) });
    await ben.commit({ "other.ts": "ben\n" });
    await ben.git("push", "--quiet", "origin", "main");
    await ann.finish(cursors);
    expect((await runGit(remote, ["show", "main:cursor.ts"])).stdout.toString()).toContain("ann");
    expect((await runGit(remote, ["show", "main:other.ts"])).stdout.toString()).toBe("ben\n");
    expect(await onRemote(cursors)).toBe("");
    expect(await ann.git("branch", "--list", cursors)).toBe("");

    expect(await ben.restore(cursors)).toMatchObject({ after: commit });
    expect(await onRemote(cursors)).toBe(commit);
    expect(await ann.told()).toEqual([
      ["finish", cursors, "ann <ann@example.invalid>"],
      ["sync", cursors, "ann <ann@example.invalid>"],
      ["create", cursors, "ann <ann@example.invalid>"],
    ]);
  });

  test("finish refuses a branch in conflict, one behind under policy rebase, and one with commits that are not shared", async () => {
    const commit = await withWork("cursors", { "cursor.ts": numbered(20, { 3: "ann" }) });
    await ben.commit({ "cursor.ts": numbered(20, { 3: "ben" }) });
    await ben.git("push", "--quiet", "origin", "main");
    await expect(ann.finish(cursors)).rejects.toMatchObject({ code: "branch-conflict" });
    await expect(ann.finish(cursors, "rebase")).rejects.toMatchObject({ code: "branch-refused" });
    await ann.git("switch", "--quiet", cursors);
    await ann.commit({ "more.ts": "more\n" });
    await expect(ann.finish(cursors)).rejects.toMatchObject({ code: "branch-refused" });
    expect(await onRemote(cursors)).toBe(commit);
  });

  test("prune finds what was merged, squashed, or squashed and then changed again, and keeps all else", async () => {
    await withWork("merged", { "merged.ts": "1\n" });
    await withWork("squashed", { "cursor.ts": numbered(20, { 3: "squashed" }) });
    await withWork("overwritten", { "other.ts": numbered(20, { 9: "first" }) });
    await withWork("open", { "open.ts": "1\n" });
    await ann.create("empty");
    await ben.git("fetch", "--quiet");
    await ben.git("merge", "--quiet", "--no-ff", "-m", "merge", "origin/feature/realtime-merged");
    for (const name of ["squashed", "overwritten"]) {
      await ben.git("merge", "--quiet", "--squash", `origin/feature/realtime-${name}`);
      await ben.git("commit", "--quiet", "-m", name);
    }
    await ben.commit({ "other.ts": numbered(20, { 9: "second" }) });
    await ben.git("push", "--quiet", "origin", "main");

    const before = await onRemote("feature/realtime-merged");
    const found = (await ann.prunable()).map(({ branch, landed, keep }) => [
      branch.replace("feature/realtime-", ""),
      landed,
      keep,
    ]);
    expect(found.sort()).toEqual([
      ["empty", "empty", "no commits of its own yet"],
      ["merged", "merged", undefined],
      ["open", "no", "not merged"],
      ["overwritten", "squashed", undefined],
      ["squashed", "squashed", undefined],
    ]);
    expect(await onRemote("feature/realtime-merged")).toBe(before);
    const gone = await ann.prune();
    expect(gone.map(({ branch }) => branch).sort()).toEqual(
      ["merged", "overwritten", "squashed"].map((name) => `feature/realtime-${name}`),
    );
    const left = await runGit(remote, ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]);
    expect(left.stdout.toString().trim().split("\n")).toEqual([
      "feature/realtime-empty",
      "feature/realtime-open",
      "main",
    ]);
    await ben.restore("feature/realtime-squashed");
    expect(await onRemote("feature/realtime-squashed")).not.toBe("");
  });

  test("a branch that got a commit after it was looked at is not pruned", async () => {
    await withWork("merged", { "merged.ts": "1\n" });
    await ben.git("fetch", "--quiet");
    await ben.git("merge", "--quiet", "--no-ff", "-m", "merge", "origin/feature/realtime-merged");
    await ben.git("push", "--quiet", "origin", "main");
    const seen = await ann.prunable();
    await ben.git("switch", "--quiet", "feature/realtime-merged");
    const late = await ben.commit({ "late.ts": "late\n" });
    await ben.git("push", "--quiet", "origin", "HEAD");
    const workspace = await openWorkspace({ folder: ann.folder, base: "main", remote: "origin" });
    const records = openRecords(join(temporaryFolder(), "r.db"));
    expect(await pruneBranches(workspace, branchHistory(records, "x"), seen)).toEqual([]);
    records.close();
    expect(await onRemote("feature/realtime-merged")).toBe(late);
  });
});

test("list says how each branch stands to the base and to the clone", async () => {
  await ann.create("cursors");
  await ann.git("switch", "--quiet", cursors);
  await ann.commit({ "cursor.ts": numbered(20, { 3: "ann" }) });
  await ann.sync(cursors);
  await ann.git("branch", "feature/ai-workflow-local", "main");
  await ben.commit({ "cursor.ts": numbered(20, { 3: "ben" }) });
  await ben.git("push", "--quiet", "origin", "main");
  expect(await ben.list()).toMatchObject([
    {
      branch: cursors,
      team,
      state: "conflict",
      upToDate: false,
      conflicts: ["cursor.ts"],
      author: "ann <ann@example.invalid>",
      clone: "absent",
    },
  ]);
  expect((await ann.list()).map(({ branch, clone }) => [branch, clone])).toEqual([
    ["feature/ai-workflow-local", "not pushed"],
    [cursors, "same"],
  ]);
});

describe("a repository that cannot be worked on is refused in so many words", () => {
  test("shallow, with what makes it whole", async () => {
    await ann.commit({ "more.ts": "1\n" });
    await ann.git("push", "--quiet", "origin", "main");
    const shallow = join(temporaryFolder(), "shallow");
    await runGit(remote, ["clone", "--quiet", "--depth", "1", `file://${remote}`, shallow]);
    const opened = openWorkspace({ folder: shallow, base: "main", remote: "origin" });
    await expect(opened).rejects.toMatchObject({
      code: "repository-unfit",
      next: expect.stringContaining("--unshallow"),
    });
  });

  test("empty", async () => {
    const folder = temporaryFolder();
    await runGit(folder, ["init", "--quiet"]);
    const workspace = await openWorkspace({ folder, base: "main", remote: "origin" });
    await expect(listBranches(workspace, teams)).rejects.toMatchObject({ code: "repository-unfit" });
  });

  test("with a remote that does not answer", async () => {
    await ann.git("remote", "set-url", "origin", join(remote, "gone"));
    await expect(ann.create("cursors")).rejects.toMatchObject({ code: "git-failed" });
    expect(await ann.git("branch", "--list", cursors)).toBe("");
  });

  test("a detached checkout is left alone", async () => {
    await ann.create("cursors");
    await ann.git("switch", "--quiet", "--detach", "main");
    ann.write("cursor.ts", "not committed\n");
    await ben.commit({ "third.ts": "ben\n" });
    await ben.git("push", "--quiet", "origin", "main");
    await ann.sync(cursors);
    expect(ann.read("cursor.ts")).toBe("not committed\n");
    expect(existsSync(join(ann.folder, "third.ts"))).toBe(false);
    expect(await ann.git("rev-parse", cursors)).toBe(await onRemote(cursors));
  });
});
