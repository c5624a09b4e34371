import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { materialise } from "../../automation/source";
import { type Fixture, makeFixture } from "./fixture";

/** A file system of its own with next to no room. Only root may mount one. */
function mountTiny(folder: string): boolean {
  mkdirSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a full disk", () => {
  let fixture: Fixture;
  let mounted = false;
  beforeAll(async () => {
    fixture = await makeFixture();
    mounted = mountTiny(fixture.folders.artifactsDir);
    if (!mounted) console.warn("LEFT OUT: the full disk is not tested, since this user may not mount a file system");
  });
  afterAll(async () => {
    if (mounted) execFileSync("umount", [fixture.folders.artifactsDir]);
    await fixture.remove();
  });

  test("is said in so many words, and no half version stays behind", async () => {
    if (!mounted) return;
    const commit = fixture.commitOf("feature/ai-workflow-v2");
    const big = [["node", "-e", 'require("node:fs").writeFileSync("big", Buffer.alloc(1 << 20))']];
    const options = fixture.folders;
    await expect(materialise(fixture.source({ build: big }), commit, options)).rejects.toMatchObject({
      code: "disk-full",
    });
    expect((await readdir(options.artifactsDir)).filter((name) => !name.endsWith(".log"))).toEqual([".building"]);
    expect(await readdir(path.join(options.artifactsDir, ".building"))).toEqual([]);

    await expect(materialise(fixture.source({ build: [], path: "." }), commit, options)).resolves.toMatchObject({
      builtNow: true,
    });
  });
});
