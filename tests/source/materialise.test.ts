import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { materialise, pruneArtifacts } from "../../automation/source";
import { commitAll, countingBuild, type Fixture, makeFixture } from "./fixture";

describe("a commit becomes a folder that a slot can start", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await makeFixture();
  });
  afterAll(() => fixture.remove());
  const v2 = () => fixture.commitOf("feature/ai-workflow-v2");
  const artifacts = async () =>
    (await readdir(fixture.folders.artifactsDir)).filter((name) => /^[0-9a-f]{12}-[0-9a-f]{12}$/.test(name));

  test("it holds the service's folder at that commit, built, and says so", async () => {
    const lines: string[] = [];
    const artifact = await materialise(fixture.source(), v2(), {
      ...fixture.folders,
      onLine: (line) => lines.push(line),
    });
    expect(artifact.builtNow).toBe(true);
    expect(lines).toEqual(["$ node build.js", "built 4 files"]);
    expect((await readdir(artifact.directory)).sort()).toEqual([
      "behaviour.js",
      "build.js",
      "build.json",
      "server.js",
      "service.js",
      "version.json",
    ]);
    expect(JSON.parse(await readFile(path.join(artifact.directory, "version.json"), "utf8"))).toEqual({
      version: "v2",
      features: ["priorities"],
    });
    expect(await readFile(`${artifact.directory}.log`, "utf8")).toBe("$ node build.js\nbuilt 4 files\n");
  });

  test("the same commit is built once, even when two ask at once", async () => {
    const counter = path.join(fixture.folder, "counter");
    const source = fixture.source({ build: countingBuild(counter) });
    const both = await Promise.all([
      materialise(source, v2(), fixture.folders),
      materialise(source, v2(), fixture.folders),
    ]);
    const later = await materialise(source, v2(), fixture.folders);
    expect(await readFile(counter, "utf8")).toBe("built\n");
    expect([...both, later].map((artifact) => artifact.builtNow)).toEqual([true, false, false]);
    expect(new Set([...both, later].map((artifact) => artifact.directory)).size).toBe(1);
  });

  test("a build that fails shows its last lines and leaves no artifact", async () => {
    const before = await artifacts();
    const failure = await materialise(
      fixture.source(),
      fixture.commitOf("feature/ai-workflow-v3-build-fails"),
      fixture.folders,
    ).catch((thrown) => thrown);
    expect(failure).toMatchObject({ code: "build-failed" });
    expect(failure.message).toContain("the build command node build.js ended with code 1:");
    expect(failure.message).toContain("SyntaxError");
    expect(await readFile(failure.facts.log, "utf8")).toContain("SyntaxError");
    expect(await artifacts()).toEqual(before);
    expect(await readdir(path.join(fixture.folders.artifactsDir, ".building"))).toEqual([]);
  });

  test("a build command that does not exist is a failed build", async () => {
    await expect(
      materialise(fixture.source({ build: [["no-such-tool"]] }), v2(), fixture.folders),
    ).rejects.toMatchObject({
      code: "build-failed",
      message: expect.stringContaining("could not be started"),
    });
  });

  test("an interrupted build ends at once and leaves nothing, not even a process", async () => {
    const stop = new AbortController();
    let pid = 0;
    const source = fixture.source({ build: [["node", "-e", "console.log(process.pid); setInterval(() => {}, 1000)"]] });
    const onLine = (line: string) => {
      if (!/^\d+$/.test(line)) return;
      pid = Number(line);
      stop.abort();
    };
    await expect(materialise(source, v2(), { ...fixture.folders, onLine, signal: stop.signal })).rejects.toMatchObject({
      code: "interrupted",
    });
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect(await readdir(path.join(fixture.folders.artifactsDir, ".building"))).toEqual([]);
  });

  test("what a killed driver left half built is cleared away by the next one", async () => {
    const leftover = path.join(fixture.folders.artifactsDir, ".building", "4194999.leftover");
    await mkdir(path.join(leftover, "service"), { recursive: true });
    await materialise(fixture.source({ build: [] }), v2(), fixture.folders);
    expect(existsSync(leftover)).toBe(false);
  });

  test("a build sees nothing of the caller's secrets", async () => {
    process.env.DEPLOY_TOKEN = "hunter2";
    const lines: string[] = [];
    const source = fixture.source({ build: [["node", "-e", "console.log(JSON.stringify(process.env))"]] });
    await materialise(source, v2(), { ...fixture.folders, onLine: (line) => lines.push(line) });
    delete process.env.DEPLOY_TOKEN;
    expect(lines.at(-1)).toContain('"PATH"');
    expect(lines.at(-1)).not.toContain("hunter2");
  });

  test("links that lead out of the folder, and submodules, are refused by name", async () => {
    const { dir } = fixture.repository;
    const escaping = await commitAll(dir, "escapes", async () => {
      await symlink("../../../../etc/passwd", path.join(dir, "services/jobs/secrets"));
    });
    const twisted = await commitAll(dir, "twisted", async () => {
      await symlink(".", path.join(dir, "services/jobs/here"));
      await symlink("here/lib/../../../x", path.join(dir, "services/jobs/out"));
    });
    const harmless = await commitAll(dir, "harmless", async () => {
      await symlink("server.js", path.join(dir, "services/jobs/main.js"));
      await symlink("build/out.js", path.join(dir, "services/jobs/later"));
    });
    execFileSync("git", ["-C", dir, "checkout", "--quiet", "-b", "submodule", "main"]);
    execFileSync("git", ["-C", dir, "update-index", "--add", "--cacheinfo", `160000,${v2()},services/jobs/library`]);
    execFileSync("git", [
      "-C",
      dir,
      "-c",
      "user.name=T",
      "-c",
      "user.email=t@example.invalid",
      "commit",
      "--quiet",
      "-m",
      "submodule",
    ]);
    const submodule = execFileSync("git", ["-C", dir, "rev-parse", "HEAD"], { encoding: "utf8" }).trim();
    execFileSync("git", ["-C", dir, "checkout", "--quiet", "--force", "main"]);

    const refusal = (commit: string) =>
      materialise(fixture.source(), commit, fixture.folders).catch((thrown) => thrown);
    expect(await refusal(escaping)).toMatchObject({
      code: "source-invalid",
      message: expect.stringContaining("the link secrets leads out"),
    });
    expect(await refusal(twisted)).toMatchObject({
      code: "source-invalid",
      message: expect.stringContaining("the link out leads out"),
    });
    expect(await refusal(submodule)).toMatchObject({
      code: "source-invalid",
      message: expect.stringContaining("library is a submodule"),
    });
    expect(await refusal(harmless)).toMatchObject({ builtNow: true });
  });

  test("a folder that the commit does not have, or that lies outside, is named", async () => {
    await expect(
      materialise(fixture.source({ path: "services/nothing" }), v2(), fixture.folders),
    ).rejects.toMatchObject({
      code: "source-invalid",
      message: expect.stringContaining("it has no folder services/nothing"),
    });
    await expect(materialise(fixture.source({ path: "../elsewhere" }), v2(), fixture.folders)).rejects.toMatchObject({
      code: "config-invalid",
    });
  });

  test("the caller's checkout and index are not touched", async () => {
    const status = () =>
      execFileSync("git", ["-C", fixture.repository.dir, "status", "--porcelain"], { encoding: "utf8" });
    expect(status()).toBe("");
    await materialise(fixture.source({ path: ".", build: [] }), v2(), fixture.folders);
    expect(status()).toBe("");
  });

  test("pruning removes what no slot needs and nothing else", async () => {
    const kept = await materialise(fixture.source(), v2(), fixture.folders);
    const gone = await pruneArtifacts(fixture.folders.artifactsDir, [kept.directory]);
    expect(gone.length).toBeGreaterThan(0);
    expect(await artifacts()).toEqual([path.basename(kept.directory)]);
    expect(existsSync(path.join(kept.directory, "server.js"))).toBe(true);
  });
});
