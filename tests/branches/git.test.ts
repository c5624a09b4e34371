import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGit, openQuarantine, runGit } from "../../branches/git";
import { makeBranches, temporaryFolder } from "./support";

describe("a git process", () => {
  test("tells its exit code where that is an answer, and throws it otherwise", async () => {
    const { repository } = await makeBranches({ f: "1\n" }, { a: { f: "2\n" } });
    const args = ["diff-tree", "--exit-code", "main", "a"];
    expect((await repository.run(args, { answers: [0, 1] })).code).toBe(1);
    await expect(repository.run(args)).rejects.toMatchObject({ code: "git-failed", facts: { exitCode: 1 } });
  });

  test("gives output back byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const { repository } = await makeBranches({ f: { mode: "100644", data: bytes } }, {});
    expect((await repository.run(["cat-file", "blob", "main:f"])).stdout.equals(bytes)).toBe(true);
  });

  test("passes no argument through a shell", async () => {
    const folder = temporaryFolder();
    await runGit(folder, ["init", "--quiet"]);
    const name = "a; touch injected; $(touch injected) `touch injected`";
    await expect(runGit(folder, ["rev-parse", "--verify", name])).rejects.toMatchObject({ code: "git-failed" });
    expect(readdirSync(folder)).toEqual([".git"]);
  });

  test("that hangs is ended at its deadline, and so is what it started", async () => {
    const folder = temporaryFolder();
    const pidFile = join(folder, "pid");
    const hang = `!node -e 'require("fs").writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => 0, 1000)'`;
    const hanging = runGit(folder, ["-c", `alias.hang=${hang}`, "hang"], { deadlineMs: 3_000 });
    await expect(hanging).rejects.toMatchObject({ code: "git-failed", message: expect.stringContaining("3 s") });
    if (existsSync(pidFile)) await gone(pidFile);
  });

  test("hears an interrupt", async () => {
    const stop = new AbortController();
    const waiting = runGit(temporaryFolder(), ["hash-object", "--stdin-paths"], { signal: stop.signal, input: "" });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "interrupted" });
  });

  test("hides a URL's password in what it says", async () => {
    const failed = runGit(temporaryFolder(), ["ls-remote", "https://me:secret@127.0.0.1:1/x.git"]);
    await expect(failed).rejects.toMatchObject({ message: expect.not.stringContaining("secret") });
  });
});

test("a folder that is in no repository is said to be none", async () => {
  await expect(openGit(temporaryFolder())).rejects.toMatchObject({ code: "source-unreadable" });
});

test("what is written in quarantine is seen there, and never in the repository", async () => {
  const { repository } = await makeBranches({ f: "1\n" }, {});
  const before = readdirSync(repository.objectsDir, { recursive: true });
  const quarantine = await openQuarantine(repository);
  writeFileSync(join(quarantine.folder, "new"), "only here\n");
  const { stdout } = await quarantine.inPlain(["hash-object", "-w", join(quarantine.folder, "new")]);
  const oid = stdout.toString().trim();
  expect((await quarantine.inRepository(["cat-file", "blob", oid])).stdout.toString()).toBe("only here\n");
  expect((await quarantine.inPlain(["cat-file", "-t", "HEAD"], { answers: [128] })).code).toBe(128);
  expect((await quarantine.inRepository(["cat-file", "-t", "main"])).stdout.toString()).toBe("commit\n");
  await quarantine.remove();
  expect(readdirSync(repository.objectsDir, { recursive: true })).toEqual(before);
  await expect(repository.run(["cat-file", "blob", oid])).rejects.toMatchObject({ code: "git-failed" });
});

async function gone(pidFile: string): Promise<void> {
  const pid = Number(readFileSync(pidFile, "utf8"));
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (Date.now() > deadline) throw new Error(`${pid} is still there`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
