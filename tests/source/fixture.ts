import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { simpleGit } from "simple-git";
import type { Source } from "../../automation/source";
import { makeRepository, type Repository } from "../../demo/repository";

export interface Fixture {
  folder: string;
  folders: { projectDir: string; artifactsDir: string };
  repository: Repository;
  source(more?: Partial<Source>): Source;
  commitOf(ref: string): string;
  remove(): Promise<void>;
}

/** The demo's repository in a folder of its own. */
export async function makeFixture(): Promise<Fixture> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "switchyard-source-"));
  const repository = await makeRepository(path.join(folder, "repository"));
  return {
    folder,
    folders: { projectDir: folder, artifactsDir: path.join(folder, "artifacts") },
    repository,
    source: (more = {}) => ({
      repository: "repository",
      path: "services/jobs",
      build: [["node", "build.js"]],
      start: ["node", "server.js"],
      ...more,
    }),
    commitOf(ref) {
      const branch = repository.branches[ref];
      if (!branch) throw new Error(`the fixture has no ${ref}`);
      return branch.commit;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Commits everything in a folder as a new branch and returns the commit. */
export async function commitAll(dir: string, branch: string, prepare: () => Promise<void>): Promise<string> {
  const git = simpleGit(dir, { config: ["user.name=Test", "user.email=test@example.invalid", "commit.gpgSign=false"] });
  await git.raw("checkout", "--quiet", "-b", branch, "main");
  await prepare();
  await git.raw("add", "--all");
  await git.raw("commit", "--quiet", "--no-verify", "--message", branch);
  return (await git.raw("rev-parse", "HEAD")).trim();
}

/** A file that a build adds a line to each time it runs. */
export function countingBuild(file: string): string[][] {
  return [["node", "-e", `require("node:fs").appendFileSync(${JSON.stringify(file)}, "built\\n")`]];
}
