import path from "node:path";
import { simpleGit } from "simple-git";
import { resolveRef } from "../../automation/source";
import { type Fixture, makeFixture } from "./fixture";

describe("a version is a git ref", () => {
  let fixture: Fixture;
  const branch = "feature/ai-workflow-v2";
  beforeAll(async () => {
    fixture = await makeFixture();
    await simpleGit(fixture.repository.dir)
      .raw("tag", "--annotate", "-m", "two", "release-2", branch)
      .catch(async () => {
        await simpleGit(fixture.repository.dir).raw("tag", "release-2", branch);
      });
  });
  afterAll(() => fixture.remove());

  test("a branch, a tag, a whole and a short commit all lead to the same commit", async () => {
    const commit = fixture.commitOf(branch);
    for (const ref of [branch, "release-2", commit, commit.slice(0, 10), `refs/heads/${branch}`]) {
      expect(await resolveRef(fixture.source(), ref, fixture.folders)).toEqual({ ref, commit });
    }
  });

  test("a mistyped branch is answered with the branches that were meant", async () => {
    await expect(resolveRef(fixture.source(), "feature/ai-worklow-v2", fixture.folders)).rejects.toMatchObject({
      code: "unknown-ref",
      message: expect.stringContaining("did you mean feature/ai-workflow-v2"),
    });
  });

  test.each(["--upload-pack=touch x", "main; true", "main..other", "", "main:services", "@{-1}"])(
    "what is no name is never given to git as one: %j",
    async (ref) => {
      await expect(resolveRef(fixture.source(), ref, fixture.folders)).rejects.toMatchObject({ code: "unknown-ref" });
    },
  );

  test("a repository can be a URL; a commit pushed later is found", async () => {
    const source = fixture.source({ repository: `file://${fixture.repository.dir}` });
    expect((await resolveRef(source, branch, fixture.folders)).commit).toBe(fixture.commitOf(branch));
    await simpleGit(fixture.repository.dir).raw("branch", "later", branch);
    expect((await resolveRef(source, "later", fixture.folders)).commit).toBe(fixture.commitOf(branch));
  });

  test("a remote-tracking branch counts as its branch", async () => {
    const clone = path.join(fixture.folder, "clone");
    await simpleGit(fixture.folder).raw("clone", "--quiet", fixture.repository.dir, clone);
    const { commit } = await resolveRef(fixture.source({ repository: clone }), branch, fixture.folders);
    expect(commit).toBe(fixture.commitOf(branch));
  });

  test("a repository that cannot be read is named, without its password", async () => {
    const nowhere = fixture.source({ repository: "http://user:hunter2@127.0.0.1:1/x.git" });
    const failure = await resolveRef(nowhere, "main", fixture.folders).catch((thrown) => thrown);
    expect(failure).toMatchObject({ code: "source-unreadable", message: expect.stringContaining("127.0.0.1:1/x.git") });
    expect(failure.message).not.toContain("hunter2");
    await expect(
      resolveRef(fixture.source({ repository: "no-such-folder" }), "main", fixture.folders),
    ).rejects.toMatchObject({
      code: "source-unreadable",
      message: expect.stringContaining("there is no such folder"),
    });
  });
});
