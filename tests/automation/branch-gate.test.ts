import { branchGate } from "../../automation/gates";
import { runGit } from "../../branches/git";
import { seedTeams } from "../../config/seed";
import { teamSchema } from "../../config/team";
import { type Content, makeBranches, numbered, temporaryFolder } from "../branches/support";

const team = teamSchema.parse(seedTeams["ai-workflow"]);

/** The gate's word on a ref of a repository. */
async function judged(folder: string, ref: string, { base = "main", upToDate = false } = {}) {
  const version = (await runGit(folder, ["rev-parse", ref])).stdout.toString().trim();
  const config = { ...team, source: { ...team.source, repository: folder }, branches: { ...team.branches, upToDate } };
  const folders = { projectDir: folder, artifactsDir: temporaryFolder() };
  return branchGate({ config, branches: { base, remote: "origin" } }, { ref, version }, folders);
}

/** `main` moves after the branches left it. */
async function repository(moved: Record<string, Content>): Promise<string> {
  const { repository: made } = await makeBranches(
    { f: numbered(9) },
    { conflicting: { f: numbered(9, { 4: "branch" }) }, merging: { g: "g\n" }, next: moved },
  );
  await runGit(made.folder, ["branch", "--quiet", "old", "main"]);
  await runGit(made.folder, ["update-ref", "refs/heads/main", "next"]);
  return made.folder;
}

test("a branch that conflicts with the base does not pass, and the files and lines are named", async () => {
  const folder = await repository({ f: numbered(9, { 4: "main" }) });
  expect(await judged(folder, "conflicting")).toEqual({
    gate: "branch",
    verdict: "fail",
    evidence: "conflicting conflicts with main in f (line 4): run `switchyard branch sync conflicting`",
  });
  expect(await judged(folder, "merging")).toMatchObject({ verdict: "pass", evidence: "merging merges with main" });
});

test("where the environment requires all of the base, a branch behind does not pass; an older version of the base does", async () => {
  const folder = await repository({ f: numbered(9, { 4: "main" }) });
  const rule = { upToDate: true };
  expect(await judged(folder, "merging", rule)).toMatchObject({
    verdict: "fail",
    evidence: expect.stringContaining("sync merging"),
  });
  expect(await judged(folder, "main", rule)).toMatchObject({ verdict: "pass" });
  expect(await judged(folder, "old", rule)).toMatchObject({ verdict: "pass", evidence: "main has old" });
});

test("what nobody can tell is no pass: no base, a shallow clone, another history", async () => {
  const folder = await repository({ f: numbered(9, { 4: "main" }) });
  expect(await judged(folder, "merging", { base: "trunk" })).toMatchObject({ verdict: "no-data" });
  const shallow = `${temporaryFolder()}/clone`;
  await runGit(folder, ["clone", "--quiet", "--depth", "1", "--no-single-branch", `file://${folder}`, shallow]);
  expect(await judged(shallow, "HEAD")).toMatchObject({ verdict: "pass" });
  expect(await judged(shallow, "origin/merging")).toMatchObject({
    verdict: "no-data",
    evidence: expect.stringContaining("--unshallow"),
  });
  const author = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"];
  const orphan = await runGit(folder, [...author, "commit-tree", "main^{tree}", "-m", "orphan"]);
  await runGit(folder, ["branch", "orphan", orphan.stdout.toString().trim()]);
  expect(await judged(folder, "orphan")).toMatchObject({ verdict: "fail" });
});

test("a repository that is gone is an error and no pass", async () => {
  const folder = await repository({ f: numbered(9) });
  const config = { ...team, source: { ...team.source, repository: `${folder}/gone` } };
  const found = await branchGate(
    { config },
    { ref: "x", version: "1".repeat(40) },
    { projectDir: folder, artifactsDir: folder },
  );
  expect(found).toMatchObject({ gate: "branch", verdict: "error" });
});
