/** What the README, the guides and the pipelines tell people to type works when it is typed. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { commands } from "../../cli/commands";
import { readSource } from "../../config/file";
import { parseEnvironment } from "../../config/load";
import { root } from "../cli/support";
import { Checkout } from "./checkout";
import { blocks, commandLines, page, pages, section } from "./pages";

describe("in a checkout", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await new Checkout().make();
  });
  afterAll(() => {
    try {
      checkout.run("npx switchyard down dev --delete-data");
    } finally {
      checkout.dispose();
    }
  });

  test("the README's quick start releases an example as it stands", () => {
    const lines = commandLines(section(page("README.md"), "Quick start"));
    expect(lines[0]).toBe("npm ci");
    const shown = Object.fromEntries(
      lines.slice(1, -1).map((line) => [line.split(" ").slice(0, 3).join(" "), checkout.run(line)]),
    );
    expect(lines.at(-1)).toBe("npx switchyard down dev");
    expect(shown["npx switchyard deploy"]).toContain("✓ settled");
    expect(shown["curl -i http://127.0.0.1:8080/api/ai/health"]).toMatch(/^x-switchyard-slot: slot-3\r$/m);
    expect(shown["npx switchyard status"]).toContain("slot-3 is live");
  });

  test("the README's script releases too", () => {
    checkout.git(checkout.dir, "branch", "feature/ai-workflow-v2");
    const scripts = join(checkout.dir, "scripts", "node_modules");
    mkdirSync(scripts, { recursive: true });
    symlinkSync(root, join(scripts, "switchyard"));
    const [script = ""] = blocks(page("README.md").text, "ts");
    writeFileSync(join(checkout.dir, "scripts", "release.mjs"), `${script}\nconsole.log(report.outcome, report.to);`);
    expect(checkout.run("node scripts/release.mjs")).toBe("settled slot-4\n");
  });

  test("the guide to a third team adds it, gives it a secret, and removes it", () => {
    const guide = page("docs/guides/add-a-team.md");
    const answer = 'require("node:http").createServer((_, r) => r.end(process.env.API_KEY ?? "none"))';
    checkout.repository("billing", { "server.js": `${answer}.listen(process.env.PORT, process.env.HOST);` });
    writeFileSync(join(checkout.dir, "api-key.txt"), "planted\n");
    checkout.addTeams(blocks(guide.text, "yaml")[0] ?? "");
    checkout.configure((config) => {
      config.setIn(["config", "switchyard:teams", "billing", "release"], { bake: "200ms" });
    });
    for (const line of commandLines(section(guide, "Add a team"))) checkout.run(line);
    expect(checkout.run("curl -s http://127.0.0.1:8080/api/billing/key")).toBe("none");
    checkout.git(join(checkout.parent, "billing"), "branch", "again");
    checkout.run("npx switchyard deploy billing again dev");
    expect(checkout.run("curl -s http://127.0.0.1:8080/api/billing/key")).toBe("planted");

    checkout.configure((config) => config.setIn(["config", "switchyard:protect"], false));
    for (const line of commandLines(section(guide, "Remove a team"))) checkout.run(line);
    checkout.configure((config) => {
      config.deleteIn(["config", "switchyard:teams", "billing"]);
      config.deleteIn(["config", "switchyard:secrets"]);
      config.deleteIn(["config", "switchyard:protect"]);
    });
    checkout.run("npx switchyard up dev");
    expect(checkout.run("npx switchyard status dev")).not.toContain("billing");
  });

  test.each(["github-release.yml", "gitlab-release.yml"])("the pipeline %s releases the pushed commit", (file) => {
    const text = readFileSync(join(root, "examples", "pipelines", file), "utf8");
    checkout.git(
      checkout.dir,
      "-c",
      "user.name=r",
      "-c",
      "user.email=r@example.com",
      "commit",
      "-qm",
      file,
      "--allow-empty",
    );
    const commit = checkout.git(checkout.dir, "rev-parse", "HEAD");
    const env = { SWITCHYARD: checkout.dir, TEAM: "ai-workflow", GITHUB_SHA: commit, CI_COMMIT_SHA: commit };
    const shown = stepsOf(parse(text)).map((line) => checkout.run(line, { ...env, CI_JOB_STATUS: "failed" }));
    expect(shown.at(-1)).toMatch(new RegExp(`100 % +${commit.slice(0, 10)}`));
  });
});

interface Pipeline {
  jobs?: { release: { steps: { run: string }[] } };
  release?: { script: string[]; after_script: string[] };
}

/** All of a pipeline's commands, also those for a cancelled job: they must do no harm. */
function stepsOf({ jobs, release }: Pipeline): string[] {
  return jobs
    ? jobs.release.steps.map(({ run }) => run)
    : [...(release?.script ?? []), ...(release?.after_script ?? [])];
}

test("every command that a page names exists", () => {
  const known = ["help", ...commands.map(({ name }) => name)];
  const named = pages().flatMap(({ name, text }) =>
    [...text.matchAll(/(?:npx |`)switchyard ([a-z]+)/g)].map(([, command = ""]) => `${name}: ${command}`),
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((where) => !known.includes(where.split(": ")[1] ?? ""))).toEqual([]);
});

test("every piece of config that a page shows is valid", () => {
  const shown = pages().flatMap(({ name, text }) => blocks(text, "yaml").map((yaml) => ({ name, yaml })));
  const config = shown.filter(({ yaml }) => yaml.includes("switchyard:"));
  expect(config.length).toBeGreaterThan(1);
  for (const { name, yaml } of config) expect(parseEnvironment(readSource(name, yaml)).teams).toBeDefined();
});

test("every link from a page to a file leads somewhere", () => {
  const tracked = new Set(execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n"));
  const isThere = (path: string) => tracked.has(path) || [...tracked].some((file) => file.startsWith(`${path}/`));
  const broken = pages().flatMap(({ name, text }) =>
    [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, to = ""]) => join(name, "..", to).replace(/\/$/, ""))
      .filter((to) => !isThere(to))
      .map((to) => `${name}: ${to}`),
  );
  expect(broken).toEqual([]);
});
