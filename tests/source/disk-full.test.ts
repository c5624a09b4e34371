import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
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

/** Whether this user may mount: known before the tests are named, so that one that is left out counts as skipped. */
const mayMount = (() => {
  const folder = mkdtempSync(path.join(tmpdir(), "switchyard-mount-"));
  try {
    if (!mountTiny(folder)) return false;
    execFileSync("umount", [folder]);
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
})();
if (!mayMount)
  process.stderr.write("LEFT OUT: the full disk is not tested, since this user may not mount a file system\n");

(mayMount ? describe : describe.skip)("a full disk", () => {
  let fixture: Fixture;
  let mounted = false;
  beforeAll(async () => {
    fixture = await makeFixture();
    mounted = mountTiny(fixture.folders.artifactsDir);
  });
  afterAll(async () => {
    if (mounted) execFileSync("umount", [fixture.folders.artifactsDir]);
    await fixture.remove();
  });

  test("is said in so many words, and no half version stays behind", async () => {
    expect(mounted).toBe(true);
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
