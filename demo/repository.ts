/**
 * The demo's real input: a git repository with both example services and several versions of each as branches.
 * Commits are the same on every machine (fixed authors and dates), so a failure can be told by its commit.
 */
import { mkdir, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { simpleGit } from "simple-git";
import { projectRoot } from "./project";

export interface Branch {
  ref: string;
  /** 40 hex digits */
  commit: string;
}

export interface Repository {
  dir: string;
  /** By ref, for example `feature/realtime-v2`. */
  branches: Record<string, Branch>;
}

const services = [
  { folder: "collaboration", prefix: "feature/realtime", feature: "cursors" },
  { folder: "jobs", prefix: "feature/ai-workflow", feature: "priorities" },
] as const;

interface Variant {
  /** What follows the team's prefix in the branch's name. */
  name: string;
  subject: string;
  /** A file of `examples/versions` that takes the place of the service's behaviour.js; absent: the good one stays. */
  behaviour?: string;
}

const variants: readonly Variant[] = [
  { name: "v1", subject: "Release v1" },
  { name: "v2", subject: "Add the team's feature" },
  { name: "v3-unhealthy", subject: "Wait for the index before saying healthy", behaviour: "unhealthy.js" },
  { name: "v3-turns-bad", subject: "Use a connection pool", behaviour: "turns-bad.js" },
  { name: "v3-turns-slow", subject: "Take a lock around each answer", behaviour: "turns-slow.js" },
  { name: "v3-exits", subject: "Ask for a model key", behaviour: "exits.js" },
  { name: "v3-never-listens", subject: "Load the model first", behaviour: "never-listens.js" },
  { name: "v3-hangs", subject: "Answer on the main thread", behaviour: "hangs.js" },
  { name: "v3-garbage", subject: "Speak a protocol of our own", behaviour: "garbage.js" },
  { name: "v3-build-fails", subject: "Refactor", behaviour: "build-fails.js.txt" },
  { name: "v4", subject: "Repair what was wrong with v3" },
];

const author = "Example Team <team@example.invalid>";
const firstCommitAt = Date.UTC(2026, 0, 5, 9) / 1000;

/** Makes the repository in `dir`, which must be empty or not exist. One `git fast-import` writes all of it. */
export async function makeRepository(dir: string): Promise<Repository> {
  const examples = path.join(projectRoot(), "examples");
  const files = await readTree(path.join(examples, "services"), "services");
  const commits = [commitText({ ref: "main", subject: "Start with both services", files, at: firstCommitAt })];
  const refs: string[] = [];
  for (const service of services) {
    for (const variant of variants) {
      const ref = `${service.prefix}-${variant.name}`;
      const changed = new Map([[`services/${service.folder}/version.json`, versionFile(variant, service.feature)]]);
      if (variant.behaviour) {
        const behaviour = await readFile(path.join(examples, "versions", variant.behaviour), "utf8");
        changed.set(`services/${service.folder}/behaviour.js`, behaviour);
      }
      refs.push(ref);
      const subject = `${variant.subject} (${service.folder})`;
      commits.push(commitText({ ref, subject, from: "main", files: changed, at: firstCommitAt + refs.length * 3600 }));
    }
  }

  await mkdir(dir, { recursive: true });
  const git = simpleGit(dir, {
    input: (args) => (args.includes("fast-import") ? `${commits.join("")}done\n` : undefined),
  });
  await git.raw("init", "--quiet", "--initial-branch", "main");
  await git.raw("fast-import", "--quiet", "--done");
  await git.raw("checkout", "--quiet", "--force", "main");
  const tips = (await git.raw("rev-parse", ...refs)).trim().split("\n");
  return { dir, branches: Object.fromEntries(refs.map((ref, i) => [ref, { ref, commit: tips[i] ?? "" }])) };
}

function versionFile(variant: Variant, feature: string): string {
  const features = variant.name === "v1" ? [] : [feature];
  return `${JSON.stringify({ version: variant.name, features }, null, 2)}\n`;
}

/** The text of each file below `folder`, by its path in the repository, in a fixed order. */
async function readTree(folder: string, as: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const files = new Map<string, string>();
  for (const file of paths.sort()) {
    files.set([as, ...path.relative(folder, file).split(path.sep)].join("/"), await readFile(file, "utf8"));
  }
  return files;
}

interface CommitToWrite {
  ref: string;
  from?: string;
  subject: string;
  files: Map<string, string>;
  /** seconds since 1970 */
  at: number;
}

/** A commit in the format of `git fast-import`. */
function commitText({ ref, from, subject, files, at }: CommitToWrite): string {
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const parent = from ? `from refs/heads/${from}\n` : "";
  const changes = [...files].map(([file, text]) => `M 100644 inline ${file}\n${data(text)}`);
  return `commit refs/heads/${ref}\ncommitter ${author} ${at} +0000\n${data(subject)}${parent}${changes.join("")}\n`;
}
