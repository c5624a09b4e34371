import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes } from "../../config/errors";
import { makeRepository, type Repository } from "../../demo/repository";
import { freePort, portStretch } from "../ports";
import { until } from "../until";
import { answer, documents, type ProjectFolder, projectFolder, switchyard } from "./support";

const ai = "ai-workflow";

/** From nothing to releases and back to nothing, on the embedded engine, in the order in which a person does it. */
describe("a team's releases from the command line", () => {
  let project: ProjectFolder;
  let repository: Repository;
  let port: number;
  const run = (...args: string[]) => switchyard(args, { cwd: project.dir });
  const json = async (...args: string[]) => {
    const ended = await run(...args, "--json");
    return { code: ended.code, answer: answer(ended), events: documents(ended).slice(0, -1) };
  };
  const commit = (ref: string) => repository.branches[ref]?.commit;
  const served = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/ai/health`);
    return { status: response.status, slot: response.headers.get("x-switchyard-slot") };
  };

  beforeAll(async () => {
    port = await freePort();
    project = projectFolder(devConfig(port, await portStretch()));
    repository = await makeRepository(join(project.dir, "repository"));
  });
  afterAll(async () => {
    await run("down", "dev", "--delete-data");
    project.dispose();
  });

  test("up brings both teams up, each with two empty slots, and makes a passphrase that nobody else can read", async () => {
    const { code, answer, events } = await json("up");
    expect(code).toBe(exitCodes.ok);
    expect(answer).toMatchObject({ event: "up", environment: "dev", url: `http://127.0.0.1:${port}` });
    expect(answer.teams.toSorted()).toEqual([ai, "realtime-collaboration"]);
    expect(events[0]).toEqual({ event: "start", command: "up dev", engine: "embedded" });
    expect(statSync(join(project.dir, ".switchyard", "passphrase")).mode & 0o777).toBe(0o600);
    expect((await served()).status).toBe(503);
  });

  test("a secret is read from standard input, and stands nowhere in the open", async () => {
    const set = (...more: string[]) =>
      switchyard(["secret", ai, "MODEL_KEY", "dev", ...more], { cwd: project.dir, input: "planted-hush\n" });
    expect(await set()).toMatchObject({ code: exitCodes.ok, stdout: expect.not.stringContaining("planted-hush") });
    const file = readFileSync(join(project.dir, "Pulumi.dev.yaml"), "utf8");
    expect(file).toMatch(/MODEL_KEY:\s+secure: v1:/);
    expect(file).toContain(`port: ${port}`);
    expect((await json("up")).code).toBe(exitCodes.ok);
    expect(await switchyard(["secret", ai, "MODEL KEY", "dev"], { cwd: project.dir, input: "x" })).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining(
        'The secret "MODEL KEY" of ai-workflow: expected the name of an environment variable',
      ),
    });
    expect(await switchyard(["secret", ai, "PORT", "dev"], { cwd: project.dir, input: "1" })).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining("expected another name than PORT"),
    });
    expect(await switchyard(["secret", ai, "OTHER", "dev"], { cwd: project.dir })).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining("no value on standard input"),
    });
  });

  test("a dry run shows where the version would go and what Pulumi would change, and changes nothing", async () => {
    const { code, stdout } = await run("deploy", ai, "feature/ai-workflow-v1", "dev", "--dry-run");
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toMatch(/^ {2}to {8}slot-3$/m);
    expect(stdout).toContain("switchyard-local:index:Workload ai-workflow-slot-3");
    expect((await served()).status).toBe(503);
  });

  test("deploy tells each phase as it comes, and reports the version live in its slot", async () => {
    const { code, answer, events } = await json("deploy", ai, "feature/ai-workflow-v1", "dev");
    expect(code).toBe(exitCodes.ok);
    expect(answer).toMatchObject({
      event: "report",
      outcome: "settled",
      version: commit("feature/ai-workflow-v1"),
      from: null,
      to: "slot-3",
    });
    const phases = events.filter(({ event }) => event === "phase").map(({ phase }) => phase);
    expect(phases).toEqual(["plan", "admit", "stage", "verify", "shift", "bake", "settle", "done"]);
    expect(events).toContainEqual(expect.objectContaining({ event: "gate", verdict: "pass" }));
    expect(await served()).toEqual({ status: 200, slot: "slot-3" });
    const { teams } = (await json("status")).answer;
    const { slots } = teams.find(({ team }: { team: string }) => team === ai);
    const pid = /pid (\d+)/.exec(slots[0].detail)?.[1];
    if (existsSync("/proc")) expect(readFileSync(`/proc/${pid}/environ`, "utf8")).toContain("MODEL_KEY=planted-hush\0");
  });

  test("a version that exits is refused with its last words, and the live one serves on", async () => {
    const { code, stdout } = await run("deploy", ai, "feature/ai-workflow-v3-exits", "dev");
    expect(code).toBe(exitCodes.refused);
    expect(stdout).toMatch(
      /^✗ refused {2}ai-workflow on dev: feature\/ai-workflow-v3-exits \([0-9a-f]{10}\) is not live/m,
    );
    expect(stdout).toContain("MODEL_KEY is not set");
    expect(stdout).toContain("next: Repair the version and deploy it again");
    expect(await served()).toEqual({ status: 200, slot: "slot-3" });
  });

  test("Ctrl-C while the new version is being watched puts the traffic back", async () => {
    let sent = false;
    const { code, stdout } = await switchyard(["deploy", ai, "feature/ai-workflow-v2", "dev"], {
      cwd: project.dir,
      onOutput: (text, kill) => {
        if (sent || !/^ *[\d.]+ m?s {2}bake$/m.test(text)) return;
        sent = true;
        kill("SIGINT");
      },
    });
    expect(code).toBe(exitCodes.interrupted);
    expect(stdout).toContain("Interrupted: putting the traffic back");
    expect(stdout).toMatch(/^✗ aborted /m);
    expect(await served()).toEqual({ status: 200, slot: "slot-3" });
  });

  test("a second version goes to the other slot", async () => {
    expect((await json("deploy", ai, "feature/ai-workflow-v2", "dev")).code).toBe(exitCodes.ok);
    expect(await served()).toEqual({ status: 200, slot: "slot-4" });
  });

  test("status says what is live, what is warm, and that state and load balancer agree", async () => {
    const status = (await json("status")).answer;
    const team = status.teams.find((one: { team: string }) => one.team === ai);
    expect(team).toMatchObject({ agrees: true, driver: null, unfinished: null, route: { live: "slot-4" } });
    expect(team.slots).toMatchObject([
      { slot: "slot-3", live: false, weight: 0, ref: "feature/ai-workflow-v1", condition: "running" },
      { slot: "slot-4", live: true, weight: 100, ref: "feature/ai-workflow-v2", condition: "running" },
    ]);
    expect((await run("status")).stdout).toContain("ai-workflow on dev: slot-4 is live (slot-3 0 %, slot-4 100 %");
  });

  test("history has every attempt, newest first; logs have what the slot wrote", async () => {
    const outcomes = (await json("history", "dev", "--team", ai)).answer.releases;
    expect(outcomes.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "settled",
      "aborted",
      "refused",
      "settled",
    ]);
    expect((await run("history", "dev", "--limit", "1")).stdout).toMatch(/ settled +feature\/ai-workflow-v2 /);

    const logs = (await json("logs", ai, "dev", "--slot", "slot-4")).answer;
    expect(logs.slots[0].lines.join("\n")).toContain("v2 listens on");
    const unknown = await run("logs", ai, "dev", "--slot", "slot-9");
    expect(unknown.stderr).toContain("next: Use slot-3 or slot-4.");
  });

  test("rollback is one weight change back, and a broken config file is in the way of new releases only", async () => {
    const file = join(project.dir, "Pulumi.dev.yaml");
    const good = readFileSync(file, "utf8");
    writeFileSync(file, "config:\n  switchyard:teams: {broken: [}\n");
    expect((await json("deploy", ai, "feature/ai-workflow-v2", "dev")).answer.error.code).toBe("config-invalid");
    const { code, answer } = await json("rollback", ai, "dev");
    writeFileSync(file, good);
    expect(code).toBe(exitCodes.ok);
    expect(answer).toMatchObject({ outcome: "rolled-back", to: "slot-3" });
    expect(await served()).toEqual({ status: 200, slot: "slot-3" });
  });

  test("resume and abort say so where there is nothing to do; an unknown ref is no branch", async () => {
    expect((await json("resume", ai, "dev")).answer.error.code).toBe("nothing-to-resume");
    expect((await json("abort", ai, "dev")).answer.error.code).toBe("nothing-to-resume");
    const unknown = await json("deploy", ai, "feature/none", "dev");
    expect({ code: unknown.code, error: unknown.answer.error.code }).toEqual({
      code: exitCodes.usage,
      error: "unknown-ref",
    });
  });

  test("doctor is content with what is up", async () => {
    const { code, answer: examined } = await json("doctor");
    expect(code).toBe(exitCodes.ok);
    expect(examined.findings).toContainEqual(
      expect.objectContaining({
        check: "ports",
        verdict: "ok",
        found: `the load balancer answers on 127.0.0.1:${port}`,
      }),
    );
  });

  const daemonPids = () =>
    execFileSync("ps", ["-eo", "pid,args"], { encoding: "utf8" })
      .split("\n")
      .filter((line) => line.includes(`--runtime-dir ${project.dir}`))
      .map((line) => line.trim());

  test("a supervisor that is gone is told by doctor and status, users notice nothing, and `up` starts it again", async () => {
    const supervisor = daemonPids().find((line) => line.includes("supervisor"));
    process.kill(Number.parseInt(supervisor ?? "", 10), "SIGKILL");
    const { code, answer: examined } = await json("doctor");
    expect(code).toBe(exitCodes.environment);
    expect(examined.findings).toContainEqual({
      check: "environment",
      verdict: "missing",
      found: "dev is up, but not all of it answers: the supervisor",
      todo: "Run `switchyard up dev`, which starts it again; slots that run go on.",
    });
    expect((await run("status")).stdout).toContain("the supervisor does not answer\n  next: `switchyard up dev`");
    expect((await served()).status).toBe(200);
    expect((await json("up")).code).toBe(exitCodes.ok);
    expect((await json("doctor")).code).toBe(exitCodes.ok);
  });

  test("after a reboot one `up` brings back the daemons, the slots and the traffic", async () => {
    const status = (await json("status")).answer;
    const slots = JSON.stringify(status).match(/(?<=pid )\d+(?=, running)/g) ?? [];
    const daemons = daemonPids().map((line) => line.split(" ")[0]);
    expect({ slots: slots.length, daemons: daemons.length }).toEqual({ slots: 1, daemons: 2 });
    for (const pid of [...daemons, ...slots]) process.kill(Number(pid), "SIGKILL");

    expect((await json("up")).code).toBe(exitCodes.ok);
    await until(async () => (await served()).status === 200);
    expect(await served()).toEqual({ status: 200, slot: "slot-3" });
  });

  test("down asks nobody in a pipeline, keeps the data, and leaves no process behind", async () => {
    const { code, answer } = await json("down");
    expect(code).toBe(exitCodes.ok);
    expect(answer.removed).toEqual(["dev.ai-workflow", "dev.realtime-collaboration", "dev"]);
    expect(existsSync(join(project.dir, ".switchyard", "data", "dev", ai))).toBe(true);
    expect(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })).not.toContain(project.dir);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});

const devConfig = (port: number, firstPort: number) => `config:
  switchyard:loadBalancer: { port: ${port} }
  switchyard:firstPort: ${firstPort}
  switchyard:teams:
    realtime-collaboration:
      branchPrefix: feature/realtime
      slots: [slot-1, slot-2]
      paths: [/api/realtime, /api/collaboration]
      health: { endpoints: [/api/realtime/health, /api/collaboration/status], interval: 100ms }
      source: { repository: repository, path: services/collaboration, build: [[node, build.js]] }
      release: { bake: 700ms }
    ai-workflow:
      branchPrefix: feature/ai-workflow
      slots: [slot-3, slot-4]
      paths: [/api/ai, /api/workflow, /api/agents]
      health: { endpoints: [/api/ai/health, /api/workflow/status, /api/agents/ping], interval: 100ms }
      source: { repository: repository, path: services/jobs, build: [[node, build.js]] }
      release: { bake: 700ms }
`;
