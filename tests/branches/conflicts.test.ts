import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGit, runGit } from "../../branches/git";
import { binary, link, makeBranches, numbered, submodule, temporaryFolder, tipsOf, withMatrix } from "./support";

test("a conflict names the file and the lines, in the base and on both sides", async () => {
  const made = await makeBranches(
    { "src/cursor.ts": numbered(20) },
    {
      "feature/a": { "src/cursor.ts": numbered(20, { 5: "five of a", 6: "six of a" }) },
      "feature/b": { "src/cursor.ts": `first\n${numbered(20, { 6: "six of b" })}` },
    },
  );
  await withMatrix(made, (matrix) => {
    const ranges = [{ base: { from: 5, count: 2 }, ours: { from: 5, count: 2 }, theirs: { from: 6, count: 2 } }];
    expect(matrix.pairs()).toEqual([
      {
        ours: "feature/a",
        theirs: "feature/b",
        state: "conflict",
        files: [{ path: "src/cursor.ts", kind: "content", ranges }],
        nearMisses: [],
        by: "index",
      },
    ]);
  });
});

test("changes that merge and are a few lines apart are a near miss; the same change on both sides is none", async () => {
  const made = await makeBranches(
    { f: numbered(30) },
    {
      a: { f: numbered(30, { 10: "a" }) },
      b: { f: numbered(30, { 13: "b" }) },
      c: { f: numbered(30, { 10: "a" }) },
      d: { f: numbered(30, { 30: "d" }) },
    },
  );
  await withMatrix(made, (matrix) => {
    const found = matrix
      .pairs()
      .map(({ ours, theirs, state, nearMisses }) => [ours, theirs, state, nearMisses[0]?.distance]);
    expect(found.sort()).toEqual([
      ["a", "b", "clean", 2],
      ["b", "c", "clean", 2],
    ]);
  });
});

test("a branch that conflicts with the base is said first, with its lines; its pairs wait for that", async () => {
  const { repository } = await makeBranches(
    { f: numbered(9) },
    { a: { f: numbered(9, { 4: "a" }) }, b: { f: numbered(9, { 8: "b" }) } },
  );
  const blob = (
    await repository.run(["hash-object", "-w", "--stdin"], { input: `first\n${numbered(9, { 4: "main" })}` })
  ).stdout
    .toString()
    .trim();
  const tree = (await repository.run(["mktree"], { input: `100644 blob ${blob}\tf\n` })).stdout.toString().trim();
  const author = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
  const moved = await repository.text([...author, "commit-tree", tree, "-p", "main", "-m", "move"]);
  await repository.run(["update-ref", "refs/heads/main", moved]);
  await withMatrix({ repository, tips: await tipsOf(repository) }, (matrix) => {
    const [line, below] = [
      { from: 4, count: 1 },
      { from: 5, count: 1 },
    ];
    expect(matrix.branches()).toEqual([
      expect.objectContaining({
        branch: "a",
        state: "conflict",
        upToDate: false,
        files: [{ path: "f", kind: "content", ranges: [{ base: line, ours: line, theirs: below }] }],
      }),
      expect.objectContaining({ branch: "b", state: "clean", upToDate: false }),
    ]);
    expect(matrix.pairs()).toMatchObject([{ ours: "a", theirs: "b", state: "blocked", files: [{ path: "f" }] }]);
  });
});

describe("what lines cannot tell is asked of git", () => {
  const base = {
    "old/one.ts": numbered(12),
    "old/two.ts": numbered(12, { 3: "two" }),
    logo: binary(1, 2, 3),
    link: link("a"),
    vendor: submodule("1"),
    "model.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:aaaa\nsize 1\n",
    "Readme.md": numbered(5),
  };
  const lfs = (oid: string) => `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize 2\n`;

  test.each([
    ["binary files", { logo: binary(4) }, { logo: binary(5) }, expect.stringMatching(/^(content|binary)$/)],
    ["links", { link: link("b") }, { link: link("c") }, "content"],
    ["submodules", { vendor: submodule("2") }, { vendor: submodule("3") }, "submodule"],
    ["LFS pointers", { "model.bin": lfs("bbbb") }, { "model.bin": lfs("cccc") }, "content"],
    [
      "a file for a folder",
      { old: "now a file\n", "old/one.ts": null, "old/two.ts": null },
      { "old/three.ts": "3\n" },
      "file/directory",
    ],
    [
      "a file added to a folder that was renamed",
      { "old/one.ts": null, "old/two.ts": null, "new/one.ts": base["old/one.ts"], "new/two.ts": base["old/two.ts"] },
      { "old/three.ts": "3\n" },
      "file location",
    ],
    [
      "a renamed file that the other one deleted",
      { "old/one.ts": null, "old/uno.ts": base["old/one.ts"] },
      { "old/one.ts": null },
      "rename/delete",
    ],
  ])("%s", async (_what, a, b, kind) => {
    await withMatrix(await makeBranches(base, { a, b }), (matrix) => {
      expect(matrix.pairs()).toMatchObject([
        { state: "conflict", files: expect.arrayContaining([expect.objectContaining({ kind })]) },
      ]);
    });
  });

  test("a rename on one side and a change on the other merge", async () => {
    const renamed = { "old/one.ts": null, "old/uno.ts": base["old/one.ts"] };
    const made = await makeBranches(base, { a: renamed, b: { "old/one.ts": numbered(12, { 6: "b" }) } });
    await withMatrix(made, (matrix) => expect(matrix.pairs()).toEqual([]));
  });

  test("a rename by case alone is a rename like any other", async () => {
    const renamed = { "Readme.md": null, "README.md": numbered(5) };
    const made = await makeBranches(base, {
      a: renamed,
      b: { "Readme.md": numbered(5, { 2: "b" }) },
      c: { "Readme.md": null },
    });
    await withMatrix(made, (matrix) => {
      expect(
        matrix
          .pairs()
          .map(({ ours, theirs, state }) => [ours, theirs, state])
          .sort(),
      ).toEqual([
        ["a", "c", "conflict"],
        ["b", "c", "conflict"],
      ]);
    });
  });
});

test("files are merged as the base's .gitattributes say, whatever is checked out anywhere", async () => {
  const base = { ".gitattributes": "CHANGES merge=union\n", CHANGES: numbered(3), other: numbered(3) };
  const add = (who: string) => ({ CHANGES: `${who}\n${numbered(3)}`, other: `${who}\n${numbered(3)}` });
  await withMatrix(await makeBranches(base, { a: add("a"), b: add("b") }), (matrix) => {
    expect(matrix.pairs().flatMap(({ files }) => files.map(({ path }) => path))).toEqual(["other"]);
  });
});

test("a branch made on another one does not conflict with it", async () => {
  const { repository, tips } = await makeBranches({ f: numbered(9) }, { a: { f: numbered(9, { 5: "a" }) } });
  const blob = (await repository.run(["hash-object", "-w", "--stdin"], { input: numbered(9, { 5: "a again" }) })).stdout
    .toString()
    .trim();
  const tree = (await repository.run(["mktree"], { input: `100644 blob ${blob}\tf\n` })).stdout.toString().trim();
  const author = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
  const commit = async (message: string) => repository.text([...author, "commit-tree", tree, "-p", "a", "-m", message]);
  const branches = new Map([...tips.branches, ["b", await commit("b")], ["c", await commit("c")]]);
  await withMatrix({ repository, tips: { ...tips, branches } }, (matrix) => expect(matrix.pairs()).toEqual([]));
});

test("a branch with another history is told apart from one that conflicts", async () => {
  const { repository, tips } = await makeBranches({ f: "1\n" }, {});
  const author = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
  const orphan = await repository.text([...author, "commit-tree", `${tips.base}^{tree}`, "-m", "orphan"]);
  const branches = new Map([
    ["orphan", orphan],
    ["same", tips.base],
  ]);
  await withMatrix({ repository, tips: { ...tips, branches } }, (matrix) => {
    expect(matrix.branches().map(({ branch, state, upToDate }) => [branch, state, upToDate])).toEqual([
      ["orphan", "unrelated", false],
      ["same", "merged", true],
    ]);
  });
});

test("names with every character that a shell, a glob or git itself would read are names", async () => {
  const path = "src/$(id);`x`/*?[a] \"q\" 'é' -n\\ü.ts";
  const names = ["feature/$(id)`x`", "feature/;rm"];
  const made = await makeBranches(
    { [Buffer.from(path).toString("latin1")]: numbered(3) },
    Object.fromEntries(
      names.map((name) => [name, { [Buffer.from(path).toString("latin1")]: numbered(3, { 2: name }) }]),
    ),
  );
  await withMatrix(made, (matrix) => {
    expect(matrix.pairs()).toMatchObject([{ ours: names[0], theirs: names[1], files: [{ path }] }]);
  });
});

test("a file too large to look into is asked of git; a rewrite of many lines is not", async () => {
  const large = (first: string) => `${first}\n${"x".repeat(200)}\n`.repeat(45_000);
  const many = (word: string) => `${word}\n`.repeat(100_000);
  const made = await makeBranches(
    { large: large("base"), many: many("base") },
    { a: { large: large("a"), many: many("a") }, b: { large: large("b") }, c: { many: many("c") } },
  );
  await withMatrix(made, (matrix) => {
    const found = matrix.pairs().map(({ ours, theirs, state, by }) => [ours, theirs, state, by]);
    expect(found.sort()).toEqual([
      ["a", "b", "conflict", "git"],
      ["a", "c", "conflict", "index"],
    ]);
  });
});

test("the repository grows by nothing, and no file of a checkout is touched", async () => {
  const renamed = { f: null, g: numbered(9) };
  const made = await makeBranches(
    { f: numbered(9), k: numbered(4) },
    { a: renamed, b: { f: numbered(9, { 2: "b" }) }, c: { k: "" } },
  );
  const { repository } = made;
  writeFileSync(join(repository.folder, "HEAD"), "ref: refs/heads/main\n");
  const files = () => readdirSync(repository.folder, { recursive: true }).sort();
  const before = files();
  await withMatrix(made, (matrix) => expect(matrix.branches()).toHaveLength(3));
  expect(files()).toEqual(before);
});

test("after an update that failed, the next one judges everything again", async () => {
  const made = await makeBranches({ f: numbered(3) }, { a: { f: "a\n" }, b: { f: "b\n" } });
  await withMatrix(made, async (matrix) => {
    const missing = new Map([...made.tips.branches, ["a", "1".repeat(40)]]);
    await expect(matrix.update({ ...made.tips, branches: missing })).rejects.toMatchObject({ code: "git-failed" });
    await matrix.update(made.tips);
    expect(matrix.pairs()).toMatchObject([{ ours: "a", theirs: "b", state: "conflict" }]);
  });
});

test("an empty repository has no base, and that is said", async () => {
  const folder = temporaryFolder();
  await runGit(folder, ["init", "--quiet", "--bare"]);
  const empty = { repository: await openGit(folder), tips: { base: "main", branches: new Map<string, string>() } };
  await expect(withMatrix(empty, () => undefined)).rejects.toMatchObject({ code: "git-failed" });
});
