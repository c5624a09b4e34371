import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { simpleGit } from "simple-git";
import { makeRepository, type Repository } from "../../demo/repository";

describe("the demo's repository", () => {
  let folder: string;
  let first: Repository;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "switchyard-repository-"));
    first = await makeRepository(path.join(folder, "first"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is the same on every machine, to the commit", async () => {
    const second = await makeRepository(path.join(folder, "second"));
    expect(second.branches).toEqual(first.branches);
  });

  test("has each version of both services as a branch of its team", () => {
    const names = ["v1", "v2", "v3-unhealthy", "v3-turns-bad", "v4"];
    expect(Object.keys(first.branches)).toEqual(
      expect.arrayContaining(names.flatMap((name) => [`feature/realtime-${name}`, `feature/ai-workflow-${name}`])),
    );
    expect(new Set(Object.values(first.branches).map((branch) => branch.commit)).size).toBe(
      Object.keys(first.branches).length,
    );
  });

  test("a version changes nothing but the files of its own service", async () => {
    const changed = await simpleGit(first.dir).raw("diff", "--name-only", "main", "feature/ai-workflow-v3-turns-bad");
    expect(changed.trim().split("\n")).toEqual(["services/jobs/behaviour.js", "services/jobs/version.json"]);
  });

  test("needs nothing installed: no commit has a package folder", async () => {
    const files = await simpleGit(first.dir).raw("ls-tree", "-r", "--name-only", "feature/realtime-v2");
    expect(files).not.toContain("node_modules");
  });
});
