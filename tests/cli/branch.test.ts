import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../../config/errors";
import { answer, documents, type ProjectFolder, projectFolder, switchyard } from "./support";

let project: ProjectFolder;
const git = (...args: string[]): string => execFileSync("git", args, { cwd: project.dir, encoding: "utf8" }).trim();
const run = (...args: string[]) => switchyard(["branch", ...args], { cwd: project.dir });

function commit(file: string, text: string): void {
  writeFileSync(join(project.dir, file), text);
  git("add", "--all");
  git("commit", "--quiet", "-m", `change ${file}`);
}

beforeEach(() => {
  project = projectFolder("config: {}\n");
  git("init", "--quiet", "--initial-branch", "main");
  git("config", "user.name", "Ann");
  git("config", "user.email", "ann@example.invalid");
  commit(".gitignore", ".switchyard\n");
  commit("app.ts", "one\ntwo\nthree\n");
});
afterEach(() => project.dispose());

test("a branch from its beginning to its end: made, in conflict, landed, brought back, and written down", async () => {
  const [cursors, retry] = ["feature/realtime-cursors", "feature/ai-workflow-retry"];
  expect((await run("create", "realtime-collaboration", "cursors")).stdout).toContain(`create ${cursors}`);
  await run("create", "ai-workflow", "retry");
  for (const branch of [cursors, retry]) {
    git("switch", "--quiet", branch);
    commit("app.ts", `one\n${branch}\nthree\n`);
  }
  git("switch", "--quiet", "main");

  const conflicts = answer(await run("conflicts", "--json"));
  expect(conflicts.reports).toMatchObject([
    { ours: retry, theirs: cursors, state: "conflict", files: [{ path: "app.ts" }] },
  ]);
  expect((await run("conflicts")).stdout).toContain("app.ts (content): lines 2 against 2");
  expect(answer(await run("finish", cursors, "--json"))).toMatchObject({ action: "finish", branch: cursors });
  expect((await run("list")).stdout).toContain("conflicts with the base in app.ts");
  const refused = await run("sync", retry);
  expect(refused).toMatchObject({ code: exitCodes.refused, stderr: expect.stringContaining("app.ts") });
  expect((await run("prune")).stdout).toContain("not merged");
  expect((await run("restore", cursors)).code).toBe(0);
  const { events } = answer(await run("history", "--json"));
  expect(events.map(({ action }: { action: string }) => action)).toEqual(["restore", "finish", "create", "create"]);
});

test("a mistyped name is refused with what would be one", async () => {
  expect(await run("create", "ai-workflo", "retry")).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining("did you mean `ai-workflow`?"),
  });
  expect(await run("sync", "my-branch")).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining("Teams' branches begin with feature/realtime or feature/ai-workflow"),
  });
  expect(await run()).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining("switchyard help branch"),
  });
});

test("conflicts --watch tells each push, a document on a line, until it is interrupted", async () => {
  await run("create", "realtime-collaboration", "cursors");
  let pushed = false;
  const ended = await switchyard(["branch", "conflicts", "--watch", "--json"], {
    cwd: project.dir,
    onOutput(stdout, kill) {
      const lines = stdout.trim().split("\n");
      if (!pushed) {
        pushed = true;
        git("switch", "--quiet", "feature/realtime-cursors");
        commit("app.ts", "one\nboth\nthree\n");
        git("switch", "--quiet", "main");
        commit("app.ts", "one\nmain\nthree\n");
      } else if (lines.some((line) => line.includes('"state":"conflict"'))) kill("SIGINT");
    },
  });
  const reports = documents(ended).flatMap((document) => document.reports as object[]);
  expect(reports).toContainEqual(expect.objectContaining({ theirs: "main", state: "conflict" }));
});
