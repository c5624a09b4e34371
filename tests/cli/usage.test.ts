import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes } from "../../config/errors";
import { answer, documents, type ProjectFolder, projectFolder, switchyard } from "./support";

describe("a mistake on the command line", () => {
  let project: ProjectFolder;
  beforeAll(() => {
    project = projectFolder("config: {}\n");
  });
  afterAll(() => project.dispose());
  const run = (...args: string[]) => switchyard(args, { cwd: project.dir });

  test("a mistyped command is answered with the nearest one", async () => {
    const { code, stdout, stderr } = await run("deplyo");
    expect({ code, stdout, stderr }).toEqual({
      code: exitCodes.usage,
      stdout: "",
      stderr: "switchyard: Unknown command 'deplyo' (Did you mean deploy?)\nnext: See `switchyard help`.\n",
    });
  });

  test("a missing argument is named, and the command's own help is shown the way to", async () => {
    const { code, stderr } = await run("deploy", "ai-workflow");
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toBe("switchyard: Missing required argument 'ref'.\nnext: See `switchyard help deploy`.\n");
  });

  test("an unknown environment is answered with a guess and the list", async () => {
    const { code, stderr } = await run("status", "stagin");
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toBe(
      "switchyard: There is no environment `stagin`; did you mean `staging`?\n" +
        "next: Use dev, staging or prod (development and production are understood too).\n",
    );
  });

  test("an unknown team is answered with a guess and the teams that there are", async () => {
    const ended = await run("deploy", "ai-workflw", "main", "development", "--json");
    expect(ended.code).toBe(exitCodes.usage);
    expect(answer(ended).error).toEqual({
      code: "unknown-team",
      message: "There is no team `ai-workflw` in dev; did you mean `ai-workflow`?",
      next: expect.stringContaining("Use one of realtime-collaboration, ai-workflow"),
      facts: { given: "ai-workflw", environment: "dev", known: ["realtime-collaboration", "ai-workflow"] },
    });
  });

  test.each([
    [["history", "--limit", "many"], "Expected a whole number from 1"],
    [["up", "dev", "now"], "Too many arguments for 'up'"],
    [["up", "--engin", "cli"], "Unknown option '--engin' (Did you mean --engine?)"],
    [["up", "--engine", "steam"], "Allowed choices are embedded, cli."],
  ])("%j is refused with what is allowed", async (args, words) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain(words);
  });

  test("an engine that is none is refused from the environment variable too", async () => {
    const { code, stderr } = await switchyard(["status"], { cwd: project.dir, env: { SWITCHYARD_ENGINE: "steam" } });
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain("SWITCHYARD_ENGINE");
  });

  test("with --json a mistake is one document on stdout, and stderr stays empty", async () => {
    const ended = await run("status", "nowhere", "--json");
    expect(ended.code).toBe(exitCodes.usage);
    expect(ended.stderr).toBe("");
    expect(documents(ended)).toEqual([
      {
        error: {
          code: "unknown-environment",
          message: "There is no environment `nowhere`.",
          next: expect.any(String),
          facts: { given: "nowhere", known: ["dev", "staging", "prod"] },
        },
      },
    ]);
  });

  test("where in the program a mistake was noticed is shown only when asked for", async () => {
    expect((await run("status", "nowhere")).stderr).not.toContain("at ");
    expect((await run("status", "nowhere", "--verbose")).stderr).toMatch(/\n\s+at .*names\.js/);
  });

  test("no command at all shows the help, and is a mistake", async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout }).toEqual({ code: exitCodes.usage, stdout: "" });
    for (const command of [
      "up",
      "down",
      "deploy",
      "rollback",
      "resume",
      "abort",
      "status",
      "history",
      "logs",
      "secret",
      "doctor",
    ])
      expect(stderr).toMatch(new RegExp(`^ {2}${command} `, "m"));
  });

  test("asking for help or the version is none", async () => {
    const help = await run("help", "deploy");
    expect(help.code).toBe(exitCodes.ok);
    expect(help.stdout).toContain("switchyard deploy realtime-collaboration feature/realtime-cursors dev");
    expect(await run("--version")).toEqual({ code: exitCodes.ok, stdout: "0.1.0\n", stderr: "" });
  });
});

describe("which project it is", () => {
  test("the nearest folder upwards that has a Pulumi.yaml; without one, that is said", async () => {
    const nowhere = mkdtempSync(join(tmpdir(), "switchyard-cli-none-"));
    const project = projectFolder("config: {}\n");
    try {
      const none = await switchyard(["status"], { cwd: nowhere });
      expect(none.code).toBe(exitCodes.usage);
      expect(none.stderr).toContain("nor a folder above it has a Pulumi.yaml");
      const named = await switchyard(["status", "--project", project.dir], { cwd: nowhere });
      expect(named.stderr).toContain("Environment dev is not up.");
      const wrong = await switchyard(["status", "--project", nowhere], { cwd: project.dir });
      expect(wrong.code).toBe(exitCodes.usage);
      expect(wrong.stderr).toContain("has no Pulumi.yaml");
    } finally {
      rmSync(nowhere, { recursive: true });
      project.dispose();
    }
  });

  test("a config with mistakes names the file and all of them at once, and nothing is made", async () => {
    const project = projectFolder("config:\n  switchyard:firstPort: 12\n  switchyard:platfrom: local\n");
    try {
      const { code, stderr } = await switchyard(["up"], { cwd: project.dir });
      expect(code).toBe(exitCodes.usage);
      expect(stderr).toContain("2 mistakes in Pulumi.dev.yaml");
      expect(stderr).toContain("switchyard:firstPort: found 12, expected a whole number from 1024 to 64000");
      expect(stderr).toContain("the unknown key `platfrom`");
    } finally {
      project.dispose();
    }
  });

  test("an environment whose platform is not there yet is refused before any stack is made", async () => {
    const project = projectFolder("config: {}\n");
    try {
      const ended = await switchyard(["up", "production", "--json"], { cwd: project.dir });
      expect(ended.code).toBe(exitCodes.refused);
      expect(answer(ended).error).toMatchObject({ code: "platform-missing", facts: { platform: "aws" } });
    } finally {
      project.dispose();
    }
  });

  test("an environment that is not up is said to be down, with the command that brings it up", async () => {
    const project = projectFolder("config: {}\n");
    try {
      expect(await switchyard(["status"], { cwd: project.dir })).toEqual({
        code: exitCodes.environment,
        stdout: "",
        stderr: "switchyard: Environment dev is not up.\nnext: Run `switchyard up dev`.\n",
      });
    } finally {
      project.dispose();
    }
  });
});
